"""Whether the models say anything that the migrations do not."""

import functools

from _migration_workflow_agent.apart import apart


class _GotThereError(Exception):
    """The project's command has come to where it would load the migrations."""


@functools.lru_cache(maxsize=None)  # what a project's own command changes, it changes for good
def autodetector_class():
    """Return the autodetector that the project's own ``makemigrations`` uses.

    A project that brings such a command often changes first what counts as a difference (a
    help text does not, say). So what it does before the migrations are loaded is done.
    """
    from django.core.management import load_command_class
    from django.core.management.commands import makemigrations
    from django.db.migrations.autodetector import MigrationAutodetector

    command, app = makemigrations.Command(), _where_the_command_is()
    if app != "django.core":
        command = load_command_class(app, "makemigrations")
        if isinstance(command, makemigrations.Command):
            _begin(command, makemigrations)
    return getattr(command, "autodetector", MigrationAutodetector)


def _where_the_command_is():
    from django.core.management import get_commands

    return get_commands()["makemigrations"]


def _begin(command, makemigrations):
    """Run a command up to the moment where Django's own code loads the migrations.

    Only one that extends Django's own, in a dry run, and with nothing left to write with.
    """

    def stop(*_, **__):
        raise _GotThereError

    parser = command.create_parser("manage.py", "makemigrations")
    options = vars(parser.parse_args(["--dry-run", "--no-input", "--verbosity=0"]))
    labels = options.pop("args", ())
    command.write_migration_files = stop
    loader, makemigrations.MigrationLoader = makemigrations.MigrationLoader, stop
    try:
        command.handle(*labels, **options)
    except _GotThereError:
        pass
    finally:
        makemigrations.MigrationLoader = loader


def detect(session, alias, questioner, **arguments):
    """Return the autodetector and what it finds: migrations that are not on disk, by app."""
    from django.apps import apps
    from django.db.migrations.state import ProjectState

    _import_views()
    detector = autodetector_class()(
        session.project_state(alias), ProjectState.from_apps(apps), questioner
    )
    return detector, detector.changes(graph=session.loader(alias).graph, **arguments)


def _import_views():
    """Import all that the URLs lead to, as the system checks before ``makemigrations`` do.

    Some models are only imported by views (those of Label Studio's storages are); without
    them, the tables of these models would seem to be no longer wanted.
    """
    from django.conf import settings
    from django.urls import get_resolver

    if getattr(settings, "ROOT_URLCONF", None):
        _ = get_resolver().url_patterns


def drift(session, database):
    """Return, for each app with changes, what ``makemigrations`` would write down.

    Migrations may have to run here afterwards, and must not feel what the project's own
    command changed: so that gets a process of its own, as it has every day.
    """
    session.loader(database)
    if _where_the_command_is() == "django.core":
        return {"changes": _drift(session, database)}
    return {"changes": apart(lambda: _drift(session, database))}


def _drift(session, database):
    from django.db.migrations.questioner import MigrationQuestioner

    _, changes = detect(session, database, MigrationQuestioner())
    own = session.own_labels()
    return {
        label: {
            "own": label in own,
            "operations": [
                operation.describe()
                for migration in migrations
                for operation in migration.operations
            ],
        }
        for label, migrations in changes.items()
    }
