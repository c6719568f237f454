"""Records a migration as applied without running it, and says what it would have made."""

import contextlib

from _migration_workflow_agent.channel import describe_error
from _migration_workflow_agent.fingerprint import difference_in_words, schema
from _migration_workflow_agent.lost import expect_kept
from _migration_workflow_agent.migrating import (
    MigrationFailedError,
    Recorder,
    forget_caches,
    migrate,
)
from _migration_workflow_agent.rendering import with_those_within
from _migration_workflow_agent.scratch import mail_kept, others_guarded
from _migration_workflow_agent.scratch_databases import ScratchDatabases
from _migration_workflow_agent.span import find, previous
from _migration_workflow_agent.state import planner
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, RunSQL


def faked(session, database, scratch, where, name):
    """Return what stands against recording a migration, and how the database differs.

    Raises NoSuchMigrationError. ``applied``: whether it is recorded already; ``first``: what is
    pending that it comes after; ``code``: whether it runs code or SQL, whose rows nobody compares;
    ``differences``: lines, where the schema is not what the migration makes of an empty database
    with the others; ``failed``: why that could not be tried out; ``previous``: what ``migrate``
    takes to go back to before it.
    """
    loader = session.loader(database)
    key = find(loader, name)
    migration = loader.graph.nodes[key]
    plan = planner(loader).migration_plan([key])
    answer = {"migration": list(key), "applied": key in loader.applied_migrations}
    answer["first"] = [[one.app_label, one.name] for one, _ in plan if one is not migration]
    answer["previous"] = previous(loader.graph, key)
    parts = with_those_within(migration.operations)
    answer["code"] = any(isinstance(one, (RunPython, RunSQL)) for one in parts)
    answer.update(differences=[], failed=None, scratch={})
    if answer["applied"] or answer["first"]:
        return answer
    here = schema(connections[database])
    databases = ScratchDatabases(scratch, session.project, **where)
    with databases.empty(database) as connection, others_guarded(database), mail_kept():
        recorder = Recorder(session.channel, "building")
        try:
            migrate(connection, recorder, plan=_all_applied(connection, loader))
            before = schema(connection)
            migrate(connection, recorder, plan=[(migration, False)])
            answer["differences"] = _differences(connection, before, here)
        except MigrationFailedError as error:
            expect_kept(connection, error)
            answer["failed"] = describe_error(error.__cause__)
        finally:
            forget_caches()
    return {**answer, "scratch": databases.told}


def _all_applied(connection, loader):
    """Return the plan that makes of an empty database what is recorded in the real one."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [step for step in plan if (step[0].app_label, step[0].name) in loader.applied_migrations]


def _differences(connection, before, here):
    """Return how the database differs in what the migration changes.

    ``connection`` is to the one where that ran, ``before`` its schema then.
    """
    after = schema(connection)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    expected, found = (
        {name: part[name] for name in changed if name in part} for part in (after, here)
    )
    return difference_in_words(connection, expected, found)


def record(session, database, name):
    """Record a migration as applied. The turn of the database has to be ours."""
    connection = connections[database]
    turn = session.turns.get(database)
    if turn is not None:
        turn.expect_held()
    with contextlib.closing(connection):
        executor = MigrationExecutor(connection)
        executor.recorder.ensure_schema()
        executor.record_migration(executor.loader.graph.nodes[find(executor.loader, name)])
    session.forget()
    return {}
