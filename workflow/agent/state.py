"""The state gate's facts: what a database says was applied against what is on disk."""

import datetime
import os

from _migration_workflow_agent.channel import describe_error, hide
from _migration_workflow_agent.session import database_exists
from _migration_workflow_agent.span import way_to


def state(session, database, until=None):
    """Return what is applied, pending, conflicting and recorded but missing.

    A history that Django can't load, and a database that can't be read, are facts too.
    ``until`` names the migration that what is ``wanted`` of the pending ones ends with; raises
    NoSuchMigrationError where nothing leads there.
    """
    reached = reach(database)
    if reached["error"] is not None:
        return {"database": reached}
    from _migration_workflow_agent.turns import clear_away  # which looks at the state itself
    from django.db import Error, connections

    clear_away(connections[database])

    try:
        loader = session.loader(database)
    except Error:
        raise
    except BaseException as error:  # a migration raises what it likes when imported
        if session.channel.is_interrupt(error):
            raise
        return {"database": reached, "history": describe_error(error)}
    return {"database": reached, "history": None, **_compare(session, loader, database, until)}


def reach(alias):
    """Try the database; return its name and how that went.

    ``zones``: whether it is on a server that has to be told of time zones, and was.
    """
    from django.db import connections

    connection = connections[alias]
    settings = connection.settings_dict
    reached = {
        "alias": alias,
        "vendor": connection.vendor,
        "engine": connection.vendor,
        "name": str(settings.get("NAME") or ""),
        "exists": database_exists(alias),
        "version": None,
        "zones": False,
        "error": None,
    }
    if not reached["exists"]:
        folder = os.path.dirname(os.path.abspath(settings["NAME"]))
        if not os.path.isdir(folder):
            reached["error"] = "its folder does not exist: " + folder
        return reached
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT count(*) FROM sqlite_master")
            else:
                cursor.execute("SELECT 1")
        if connection.vendor == "mysql":
            reached["zones"] = _knows_zones(connection)
            if connection.mysql_is_mariadb:
                reached["engine"] = "mariadb"
        reached["version"] = ".".join(map(str, connection.get_database_version()))
    except Exception as error:  # noqa: BLE001 - drivers raise what they like; all mean unreachable
        connection.close()
        reached["error"] = hide(str(error).strip() or type(error).__name__)
    return reached


def _knows_zones(connection):
    """Say whether a MariaDB or MySQL knows the zone that Django names in every conversion.

    https://docs.djangoproject.com/en/stable/ref/databases/#time-zone-definitions
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT CONVERT_TZ('2000-01-01 00:00:00', 'UTC', '+00:00') IS NOT NULL")
        return bool(cursor.fetchone()[0])


def recorded(alias):
    """Return the recorded migrations in the order in which they were applied, with that moment."""
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder
    from django.utils import timezone

    def moment(applied):
        aware = timezone.make_aware(applied) if timezone.is_naive(applied) else applied
        return aware.astimezone(datetime.timezone.utc).isoformat()

    recorder = MigrationRecorder(connections[alias])
    if not database_exists(alias) or not recorder.has_table():
        return []
    rows = recorder.migration_qs.order_by("applied", "id").values_list("app", "name", "applied")
    return [[app, name, moment(applied)] for app, name, applied in rows]


def pending(loader):
    """Return the migrations that ``migrate`` would run, in its order."""
    return [migration for migration, _ in planner(loader).migration_plan(loader.graph.leaf_nodes())]


def planner(loader):
    """Return an executor that makes plans from what was loaded, and can't run them."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor.__new__(MigrationExecutor)
    executor.loader = loader
    return executor


def _compare(session, loader, alias, until):
    rows = recorded(alias)
    replaced = {
        key
        for migration in loader.disk_migrations.values()
        for key in map(tuple, migration.replaces)
    }
    conflicts = loader.detect_conflicts()
    waiting = [] if conflicts else pending(loader)
    wanted = waiting if until is None else [one for one, _ in way_to(planner(loader), until)]
    return {
        "applied": rows,
        "pending": [[one.app_label, one.name] for one in waiting],
        "wanted": [[one.app_label, one.name] for one in wanted],
        "conflicts": {app: sorted(names) for app, names in conflicts.items()},
        "missing": [
            [app, name]
            for app, name, _ in rows
            if app in loader.migrated_apps
            and (app, name) not in loader.disk_migrations
            and (app, name) not in replaced
        ],
        "inconsistent": _inconsistency(loader, alias),
        "invalid_indexes": _invalid_indexes(alias),
        "migrations": len(loader.disk_migrations),
        "own": sorted(session.own_labels()),
        "without_migrations": _own_apps_without_migrations(session, loader),
    }


def _inconsistency(loader, alias):
    from django.db import connections
    from django.db.migrations.exceptions import InconsistentMigrationHistory

    if not database_exists(alias):
        return None
    try:
        loader.check_consistent_history(connections[alias])
    except InconsistentMigrationHistory as error:
        return str(error)
    return None


def _invalid_indexes(alias):
    from _migration_workflow_agent.trying import left_invalid
    from django.db import connections

    return left_invalid(connections[alias])


def _own_apps_without_migrations(session, loader):
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    return sorted(
        config.label
        for config in apps.get_app_configs()
        if config.label in loader.unmigrated_apps
        and session.owns(config.path)
        and any(model._meta.managed for model in config.get_models())
        and MigrationLoader.migrations_module(config.label)[0] is not None
    )
