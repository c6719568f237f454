"""Reads locks, file nodes and counters of scans and rows within the transaction of a migration.

https://www.postgresql.org/docs/current/view-pg-locks.html, explicit-locking.html and
monitoring-stats.html#MONITORING-STATS-VIEWS: the ``xact`` counters tell of the transaction that
is open, together with what the server has not yet collected of earlier ones. So differences are
taken, from a first look that is made inside the same transaction.
"""

import re
import threading
import time

from _migration_workflow_agent.server_session import own_connection
from _migration_workflow_agent.watching import OperationWatcher

MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)

FIRST_OF_USERS = 16384
"""Object ids below it are the system catalog's."""

COUNTERS = """
    pg_stat_get_xact_numscans({0}),
    pg_stat_get_xact_tuples_inserted({0})
    + pg_stat_get_xact_tuples_updated({0})
    + pg_stat_get_xact_tuples_deleted({0})
"""

RELATIONS = f"""
SELECT c.oid,
    CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname || '.' END || c.relname,
    i.indrelid, c.relfilenode, {COUNTERS.format("c.oid")}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.oid >= {FIRST_OF_USERS} AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'i', 'I')
AND n.nspname <> 'pg_toast'
"""  # noqa: S608 - nothing of a user's is in it

HELD = f"""
FROM pg_locks WHERE pid = {{}} AND locktype = 'relation' AND granted
AND relation >= {FIRST_OF_USERS}
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - nothing of a user's is in it
"""The locks on tables and indexes that a session has."""

LOCKED = (
    f"SELECT relation, mode, pg_relation_filenode(relation), {COUNTERS.format('relation')}"
    + HELD.format("pg_backend_pid()")
)

TABLES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
WAITS = "SELECT 1 FROM pg_locks WHERE pid = {} AND NOT granted"
LOCKS_OF = f"SELECT relation, mode {HELD}"
COUNTS = "SELECT relid, seq_scan FROM pg_stat_user_tables"
LOOKS_EVERY = 0.002
"""Seconds between two looks at whether a statement waits already."""

UNSEEN = ("SET ", "SAVEPOINT", "RELEASE", "ROLLBACK")
"""Statements that lock nothing. Some of those that set must be the first of a transaction."""

UNHOLDABLE = re.compile(
    r"\s*(VACUUM|(CREATE|DROP|REINDEX|ALTER)\s+(DATABASE|TABLESPACE|SYSTEM)|REINDEX\s+(SCHEMA|DATABASE)"
    r"|COMMIT|END|BEGIN|START|ROLLBACK|.*\bCONCURRENTLY\b)",
    re.IGNORECASE | re.DOTALL,
)
"""What can't run inside a transaction, or is one."""

FLUSH = "SELECT pg_stat_force_next_flush()"
FLUSHES_SINCE = 150000

IDLE, IN_TRANSACTION = 0, 2
"""libpq's ``PGTransactionStatusType``."""


class Relation:
    """A relation that was there before the migration, and what was last seen of it."""

    def __init__(self, name, table, node, scans, rows):
        self.name = name
        self.table = table
        self.node = node
        self.scans = scans
        self.rows = rows


class Second:
    """A connection that looks at the locks of a statement which can't be held open.

    It keeps a lock on every table that such a statement gets along with and yet waits for before
    its end, as CONCURRENTLY does for everybody who may still see the table as it was. When it
    waits, the locks are read, and it is let go. What waits for nobody is not seen.
    """

    def __init__(self, connection):
        self.connection = connection
        self.seen = []
        self._scans = {}
        self._done = threading.Event()

    def __enter__(self):
        with self.connection.connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._pid = cursor.fetchone()[0]
        self._own = own_connection(self.connection)
        self._own.inc_thread_sharing()
        self._own.set_autocommit(False)
        self._scans = dict(self._ask(COUNTS))
        self._own.rollback()
        tables = [name for (name,) in self._ask(TABLES)]
        if tables:
            with self._own.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ROW EXCLUSIVE MODE")
        self._thread = threading.Thread(target=self._watch, name="lock-watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._own.close()

    def stop(self):
        """Look no longer."""
        self._done.set()
        self._thread.join()

    def scans(self, oid):
        """Return how often the table was scanned since, as far as the server has counted."""
        return dict(self._ask(COUNTS)).get(oid, 0) - self._scans.get(oid, 0)

    def _watch(self):
        try:
            while not self._done.is_set():
                if self._ask(WAITS.format(self._pid)):
                    self.seen = self._ask(LOCKS_OF.format(self._pid))
                    break
                self._done.wait(LOOKS_EVERY)
        finally:
            self._own.rollback()  # whatever happened: the statement waits for this

    def _ask(self, query):
        with self._own.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()


class PostgreSQLWatcher(OperationWatcher):
    """Looks after each statement that was not seen before in its operation."""

    RANK = MODES

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self._known = None
        self._held = {}
        self._looked_at = set()
        self._unlooked = None
        self._wal_before = 0

    def begin(self, migration):
        """Follow the migration. What exists is looked up at its first statement."""
        super().begin(migration)
        self.transaction = 0
        self._known, self._unlooked = None, None
        self._looked_at, self._held = set(), {}
        self.connection.ensure_connection()
        self._wal_before = self._wal()

    def see(self, observed, statement, params, run, cursor):  # noqa: ARG002 - what the base passes
        """Run a statement, and look at what it did unless the same was seen before."""
        if statement.lstrip().upper().startswith(UNSEEN):
            return run()
        is_first = self._status() == IDLE
        if is_first:
            self._close_account(observed)
            self.transaction += 1
        if self._known is None or is_first:
            self._look_first()
        is_new = (observed.index, statement) not in self._looked_at
        if is_new:
            self._look_again()
        began = time.perf_counter()
        if self._is_alone():
            return self._run_alone(observed, statement, run, began)
        result = run()
        self._unlooked = (observed, statement, began)
        if is_new:
            self._looked_at.add((observed.index, statement))
            self._look_again()
        return result

    def _is_alone(self):
        """Say whether a statement would be a transaction of its own, gone when it is done."""
        return self.connection.connection.autocommit and self._status() == IDLE

    def _run_alone(self, observed, statement, run, began):
        """Hold the transaction of a statement open for a look, where that can be done."""
        if UNHOLDABLE.match(statement):
            with Second(self.connection) as second:
                self._flush_counters()
                result = run()
                self._flush_counters()
                second.stop()
                self._note_watched(observed, statement, began, second)
            return result
        self._tell("BEGIN")
        try:
            result = run()
            self._unlooked = (observed, statement, began)
            self._look_again()
        except BaseException:
            self._tell("ROLLBACK")
            raise
        self._tell("COMMIT")
        self._close_account(observed)
        return result

    def _note_watched(self, observed, statement, began, second):
        """Note what the second connection saw while the statement ran."""
        self._held = {}
        news = self._newly_held([row for row in second.seen if row[0] in self._known])
        for oid in news:
            relation = self._known[oid]
            if not self._is_covered(relation, oid):
                touched = observed.on(relation.name)
                scanned = relation.table is None and second.scans(oid) > 0
                touched.did(False, scanned, 0, statement, self.transaction)
                self.locked(touched, self._held[oid], statement, began, "watched")
        self._close_account(observed)

    def _close_account(self, observed):
        """What was locked is free again: note for how long it was held."""
        now = time.perf_counter()
        for touched in observed.touched.values():
            touched.released(now)
        self._held = {}

    def _flush_counters(self):
        """Let the second connection see how often tables were scanned, where a server can."""
        if self.connection.pg_version >= FLUSHES_SINCE:
            self._ask(FLUSH)

    def _tell(self, command):
        with self.connection.connection.cursor() as cursor:
            cursor.execute(command)

    def left(self, observed):  # noqa: ARG002 - what the base passes
        """Look at what repeated statements did."""
        self._look_again()

    def end(self, migration):
        """Close the account: every lock is released now."""
        for observed in self.observed:
            self._close_account(observed)
        return {**super().end(migration), "wal_bytes": self._wal() - self._wal_before}

    def _wal(self):
        """Return how many bytes the server has written to its log; others' are among them."""
        return int(self._ask("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")[0][0])

    def _status(self):
        return self.connection.connection.info.transaction_status

    def _ask(self, query):
        with self.connection.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def _look_first(self):
        """Learn what exists, and where the counters stand in this transaction."""
        self._held = {}
        found = {oid: Relation(*row) for oid, *row in self._ask(RELATIONS)}
        if self._known is None:
            self._known = found
        for oid, relation in self._known.items():
            if oid in found:
                relation.scans, relation.rows = found[oid].scans, found[oid].rows

    def _look_again(self):
        if self._unlooked is None or self._status() != IN_TRANSACTION:
            return
        observed, statement, began = self._unlooked
        self._unlooked = None
        found = [row for row in self._ask(LOCKED) if row[0] in self._known]
        news = self._newly_held(found)
        for oid, _, node, scans, rows in {row[0]: row for row in found}.values():
            relation = self._known[oid]
            did = self._differences(relation, node, scans, rows, statement)
            covered = self._is_covered(relation, oid)
            if any(did) or (oid in news and not covered):
                touched = observed.on(relation.name)
                touched.did(*did, statement, self.transaction)
                if not covered:
                    self.locked(touched, self._held[oid], statement, began)

    def _newly_held(self, found):
        """Take note of the locks that are held now; return the relations that have a stronger."""
        news = set()
        for oid, mode, *_ in found:
            if oid not in self._held or MODES.index(mode) > MODES.index(self._held[oid]):
                self._held[oid] = mode
                news.add(oid)
        return news

    def _is_covered(self, relation, oid):
        """Say whether the lock of an index says no more than that of its table."""
        over = self._held.get(relation.table)
        return over is not None and MODES.index(over) >= MODES.index(self._held[oid])

    def _differences(self, relation, node, scans, rows, statement):
        """Return whether a relation was rewritten and scanned, and how many rows were touched."""
        rewritten = node not in (None, relation.node) and "TRUNCATE" not in statement.upper()
        did = (rewritten, relation.table is None and scans > relation.scans, rows - relation.rows)
        relation.node, relation.scans, relation.rows = node or relation.node, scans, rows
        return did
