"""Applies what was rehearsed, and keeps it only if it did what the rehearsal did."""

import contextlib
import json
import os

from _migration_workflow_agent.as_rehearsed import (
    EachStep,
    NotAsRehearsedError,
    expect_as_after,
    expect_as_before,
)
from _migration_workflow_agent.channel import describe_error
from _migration_workflow_agent.copies import SNAPSHOT, keep_others_out, put_back, snapshot
from _migration_workflow_agent.dependents import AtCommit
from _migration_workflow_agent.fingerprint import fingerprint, schema_and_history
from _migration_workflow_agent.half_note import Noted, note_of
from _migration_workflow_agent.limits import Patience, is_of_lock, is_of_time, limited
from _migration_workflow_agent.lookout import Lookout
from _migration_workflow_agent.migrating import (
    MigrationFailedError,
    Recorder,
    Watcher,
    forget_caches,
    migrate,
)
from _migration_workflow_agent.rehearsing import one_transaction
from _migration_workflow_agent.scratch import renamed
from _migration_workflow_agent.session import database_exists, keep_note
from _migration_workflow_agent.span import up_to
from _migration_workflow_agent.state import planner
from _migration_workflow_agent.taking_back import WayBack
from _migration_workflow_agent.trying import Trying, executor_class
from django.db import connections


def apply(session, database, scratch, rehearsed, patience):
    """Apply the rehearsed plan; on a failure bring the database back to what it was before.

    Returns ``failed`` (what the migration raised), ``differences`` (from the rehearsal),
    ``restored``: how the database got back as a whole, or ``None`` where nothing can do that,
    ``timed_out``: what was waited for in vain, ``half``: which part of a migration stays, and
    ``back``: which migrations were taken back one by one, and which stay.
    """
    connection = connections[database]
    trying = Trying(session.channel, connection, Patience(**patience))
    lookout = Lookout(session.channel, connection, "applying")
    turn = session.turns.get(database)
    kept = Noted(note_of(scratch, database))
    each = EachStep(connection, trying, rehearsed["steps"])
    at_commit = AtCommit(connection)
    watchers = (
        TurnKept(turn),
        lookout,
        kept,
        trying,
        at_commit,
        *([] if rehearsed["as_one"] else [each]),
    )
    recorder = Recorder(session.channel, "applying", watchers)
    outcome = {"failed": None, "differences": [], "timed_out": None, "half": None}
    outcome["back"] = None
    undo = Undo(trying, scratch, rehearsed["as_one"])

    def run():
        del recorder.rows[:]
        with undo.armed():
            before = expect_as_before(session, connection, rehearsed)
            undo.save()
            plan = up_to(planner(session.loader(database)), rehearsed["until"])
            after_each = None if rehearsed["as_one"] else each.expect_as_rehearsed
            migrate(connection, recorder, plan, executor_class(trying, after_each))
            expect_as_after(connection, before, rehearsed)

    try:
        with limited(connection, trying.patience), lookout.looking(), at_commit.looking():
            trying.attempt(run) if rehearsed["as_one"] else run()
    except MigrationFailedError as error:
        outcome["failed"] = error.described()
        outcome["half"] = kept.half(error, connection)
        outcome["timed_out"] = _timed_out(connection.vendor, error, trying, lookout)
    except NotAsRehearsedError as error:
        outcome["differences"] = error.differences
    except Exception as error:  # noqa: BLE001 - what a driver raises is the answer
        outcome["failed"] = {"app": None, "migration": None, "error": describe_error(error)}
        outcome["timed_out"] = _timed_out(connection.vendor, error, trying, lookout)
    if connection.vendor != "sqlite":
        connection.close()  # the limits were for applying alone
        if outcome["failed"] is not None or outcome["differences"]:
            applied = [(row["app"], row["migration"]) for row in recorder.rows]
            way_back = WayBack(session, connection, rehearsed, applied, at_commit.definitions)
            why = _why_left_alone(outcome)
            if applied and why is None:
                outcome["back"] = way_back.take(trying.patience, (TurnKept(turn),), each.before)
            else:
                outcome["back"] = way_back.leave(why)
    forget_caches()
    session.forget()
    return {**outcome, "restored": undo.done, "evidence": recorder.rows}


def _why_left_alone(outcome):
    """Return why nothing of the plan can be taken back, where that is so."""
    if outcome["differences"]:
        return "what it did is not what was rehearsed, and so its way back is not"
    half = outcome["half"]
    if half is not None and (half["operations"] or half["done"]):
        return "what is half applied was built on it"
    return None


def _timed_out(vendor, error, trying, lookout):
    """Return what was waited for, how often and how long, where that is why it failed."""
    if is_of_lock(vendor, error):
        return {
            "what": "lock",
            "tries": trying.tries,
            "waited": round(trying.waited, 3),
            "blocking": lookout.blocking,
        }
    if is_of_time(vendor, error):
        return {"what": "statement", "limit": trying.patience.statement}
    return None


class TurnKept(Watcher):
    """Lets no migration begin once somebody else may have begun to migrate."""

    def __init__(self, turn):
        self.turn = turn

    def begin(self, migration):  # noqa: ARG002 - what watchers take
        """Raise TurnLostError where the lock is gone."""
        if self.turn is not None:
            self.turn.expect_held()


class Undo:
    """The way back, made ready before the first statement and taken on every failure.

    Where the plan runs as one transaction, the database itself undoes it, even if the power
    goes. Elsewhere a snapshot is put back; a note in the scratch folder stays behind if this
    process is killed before it can do that. The snapshot is taken right before the first
    statement, with others kept out, so that putting it back takes nobody else's rows away.
    """

    def __init__(self, trying, scratch, as_one):
        self.trying = trying
        self.channel = trying.channel
        self.connection = connection = trying.connection
        self.as_one = as_one
        self.snapshot = os.path.join(scratch, SNAPSHOT)
        self.note = keep_note(scratch)
        self.existed = database_exists(connection.alias)
        self.stepwise = connection.vendor == "sqlite" and not as_one
        self.saved = False
        self.done = None

    @contextlib.contextmanager
    def armed(self):
        """Undo what happens in this block if it raises, whatever it raises."""
        try:
            if self.stepwise:
                self.trying.attempt(self._keep_others_out)
            with one_transaction(self.connection) if self.as_one else contextlib.nullcontext():
                yield
        except BaseException:
            self._undo()
            raise
        finally:
            self.channel.shielded = False
        if self.stepwise:
            self.connection.close()
            os.unlink(self.note)

    def save(self):
        """Make the way back ready: from here on statements change the database."""
        if self.stepwise:
            if self.existed:
                snapshot(self.connection.alias, self.snapshot)
            self._write_note()
            self.saved = True

    def _keep_others_out(self):
        try:
            keep_others_out(self.connection)
        except Exception:
            self.connection.close()  # or it would keep out those who are in the way
            raise

    def _undo(self):
        self.channel.shielded = True
        if self.connection.vendor != "sqlite":
            return
        if self.existed and not self.saved:
            self.connection.close()
            self.done = "rolled back" if self.as_one else "untouched"
            return
        put_back(self.connection.alias, self.snapshot)
        self.done = "snapshot put back"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.note)

    def _write_note(self):
        with open(self.note, "w", encoding="utf-8") as note:
            json.dump({"database": self.connection.alias, "existed": self.existed}, note)
            note.flush()
            os.fsync(note.fileno())


def restore(session, database, folder):
    """Put back the snapshot that a killed apply left in ``folder``; prove that it is back."""
    session.channel.shielded = True
    snapshot = os.path.join(folder, SNAPSHOT)
    put_back(database, snapshot)
    session.forget()
    found = fingerprint(connections[database]) if database_exists(database) else None
    with renamed(database, snapshot) as connection:
        kept = fingerprint(connection) if os.path.exists(snapshot) else None
    session.channel.shielded = False
    return {"proved": found == kept}


def verify(_, database):
    """Return the schema and the recorded migrations of the database as they are now."""
    return schema_and_history(connections[database])
