"""Runs what is pending on a throwaway copy of the database, and says what it did there."""

import contextlib

from _migration_workflow_agent.copies import rehearsal_copy
from _migration_workflow_agent.fingerprint import fingerprint, row_changes
from _migration_workflow_agent.migrating import (
    MigrationFailedError,
    Recorder,
    forget_caches,
    migrate,
)
from _migration_workflow_agent.plan import keys
from _migration_workflow_agent.scratch import mail_kept, others_guarded
from _migration_workflow_agent.state import pending
from django.db import connections, transaction


def rehearse(session, database, scratch):
    """Return the plan, what each migration did, and what the copy looked like afterwards."""
    connection = connections[database]
    recorder = Recorder(session.channel, "rehearsing", _watchers(connection))
    migrations = pending(session.loader(database))
    as_one = runs_as_one(connection, migrations)
    rehearsed = {"plan": keys(migrations), "as_one": as_one, "failed": None}
    with rehearsal_copy(database, scratch) as connection, others_guarded(database), mail_kept():
        before = fingerprint(connection)
        try:
            with one_transaction(connection) if as_one else contextlib.nullcontext():
                migrate(connection, recorder)
            after = fingerprint(connection)
        except MigrationFailedError as error:
            return {**rehearsed, "failed": error.described(), "evidence": recorder.rows}
        finally:
            forget_caches()
    return {
        **rehearsed,
        "evidence": recorder.rows,
        "before": before,
        "after": after,
        "row_changes": row_changes(before["rows"], after["rows"]),
    }


def _watchers(connection):  # noqa: ARG001 - each engine will have its own
    """Return what observes the rehearsal on this engine."""
    return ()


def runs_as_one(connection, migrations):
    """Say whether a plan can run as a single transaction.

    It can on SQLite, whose DDL is transactional and whose one writer waits for nobody,
    unless a migration asks to be run outside a transaction.
    """
    return connection.vendor == "sqlite" and all(migration.atomic for migration in migrations)


@contextlib.contextmanager
def one_transaction(connection):
    """Hold one write transaction on a SQLite database around a whole plan.

    Foreign keys are not enforced inside, just as in each of Django's own migrations there
    (https://www.sqlite.org/lang_altertable.html#otheralter); they are checked before the end.
    """
    connection.disable_constraint_checking()
    try:
        with transaction.atomic(using=connection.alias):
            _take_write_lock(connection)
            yield
            connection.check_constraints()
    finally:
        if connection.connection is not None:
            connection.enable_constraint_checking()


def _take_write_lock(connection):
    """Become the one writer at once: a transaction that only reads so far can be overtaken."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA user_version")
        version = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA user_version = {version}")
