"""Applies what was rehearsed, and keeps it only if it did what the rehearsal did."""

import contextlib
import os

from _migration_workflow_agent.channel import describe_error
from _migration_workflow_agent.copies import put_back
from _migration_workflow_agent.fingerprint import difference, fingerprint, row_changes
from _migration_workflow_agent.migrating import (
    MigrationFailedError,
    Recorder,
    forget_caches,
    migrate,
)
from _migration_workflow_agent.plan import keys
from _migration_workflow_agent.rehearsing import one_transaction
from _migration_workflow_agent.state import pending
from django.db import connections


class NotAsRehearsedError(Exception):
    """The database is not, or did not become, what it was in the rehearsal."""

    def __init__(self, differences):
        super().__init__(differences[0])
        self.differences = differences


def apply(session, database, scratch, rehearsed):
    """Apply the rehearsed plan; on any failure the database is as it was before.

    Returns ``failed`` (what the migration raised), ``differences`` (from the rehearsal), and
    ``restored``: how the database got back, or ``None`` where that took nothing or failed.
    """
    connection = connections[database]
    recorder = Recorder(session.channel, "applying")
    existed = os.path.exists(connection.settings_dict["NAME"])
    outcome = {"failed": None, "differences": [], "restored": None}
    session.channel.shielded = not rehearsed["as_one"]
    try:
        with one_transaction(connection) if rehearsed["as_one"] else contextlib.nullcontext():
            before = _expect_as_before(session, connection, rehearsed)
            migrate(connection, recorder)
            _expect_as_after(connection, before, rehearsed)
    except MigrationFailedError as error:
        outcome["failed"] = error.described()
    except NotAsRehearsedError as error:
        outcome["differences"] = error.differences
    except BaseException as error:
        _undo(connection, scratch, rehearsed, existed)
        if not isinstance(error, Exception):
            raise
        outcome["failed"] = {"app": None, "migration": None, "error": describe_error(error)}
    if outcome["failed"] or outcome["differences"]:
        outcome["restored"] = _undo(connection, scratch, rehearsed, existed)
    forget_caches()
    session.forget()
    session.channel.shielded = False
    return {**outcome, "evidence": recorder.rows}


def verify(session, database):
    """Return what the database holds now, read afresh."""
    return fingerprint(connections[database])


def _expect_as_before(session, connection, rehearsed):
    """Stop before the first statement if the rehearsal was of something else."""
    found = fingerprint(connection)
    lines = difference(rehearsed["before"]["schema"], found["schema"])
    if found["history"] != [list(key) for key in rehearsed["before"]["history"]]:
        lines.append("other migrations are recorded as applied")
    if keys(pending(session.loader(connection.alias))) != rehearsed["plan"]:
        lines.append("other migrations are pending")
    if lines:
        raise NotAsRehearsedError(["the database changed since the rehearsal", *lines])
    return found


def _expect_as_after(connection, before, rehearsed):
    found = fingerprint(connection)
    lines = difference(rehearsed["after"]["schema"], found["schema"])
    if found["history"] != [list(key) for key in rehearsed["after"]["history"]]:
        lines.append("other migrations were recorded than in the rehearsal")
    changes = row_changes(before["rows"], found["rows"])
    for table in sorted(changes.keys() | rehearsed["row_changes"].keys()):
        here, there = changes.get(table, 0), rehearsed["row_changes"].get(table, 0)
        if here != there:
            lines.append(f"{table}: rows changed by {here}, in the rehearsal by {there}")
    if lines:
        raise NotAsRehearsedError(["the result is not what was rehearsed", *lines])


def _undo(connection, scratch, rehearsed, existed):
    """Say how the database came back to what it was; put the snapshot back if it must be."""
    if connection.vendor != "sqlite":
        return None
    connection.close()
    if rehearsed["as_one"] and existed:
        return "rolled back"
    put_back(connection.alias, os.path.join(scratch, "before.sqlite3"))
    return "snapshot put back"
