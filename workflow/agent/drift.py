"""Whether the models say anything that the migrations do not."""


def autodetector_class():
    """Return the autodetector that ``makemigrations`` uses (a project may bring its own)."""
    from django.core.management.commands.makemigrations import Command
    from django.db.migrations.autodetector import MigrationAutodetector

    return getattr(Command, "autodetector", MigrationAutodetector)


def detect(session, alias, questioner, **arguments):
    """Return the autodetector and what it finds: migrations that are not on disk, by app."""
    from django.apps import apps
    from django.db.migrations.state import ProjectState

    detector = autodetector_class()(
        session.project_state(alias), ProjectState.from_apps(apps), questioner
    )
    return detector, detector.changes(graph=session.loader(alias).graph, **arguments)


def drift(session, database):
    """Return, for each app with changes, what ``makemigrations`` would write down."""
    from django.db.migrations.questioner import MigrationQuestioner

    _, changes = detect(session, database, MigrationQuestioner())
    own = session.own_labels()
    return {
        "changes": {
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
    }
