"""Reads locks, file nodes and counters of scans and rows within the transaction of a migration.

https://www.postgresql.org/docs/current/view-pg-locks.html, explicit-locking.html and
monitoring-stats.html#MONITORING-STATS-VIEWS: the ``xact`` counters tell of the transaction that
is open, together with what the server has not yet collected of earlier ones; the others tell of
what it has. Since version 15 nothing is on its way between the two, so their sum only grows, and
what it grew by since the last look was done since then, in whichever transaction. Before that a
first look is taken inside each transaction.
"""

import contextlib
import functools
import time

from _migration_workflow_agent.driver_error import sqlstate
from _migration_workflow_agent.migrating import around_commits, unheard
from _migration_workflow_agent.rendering import may_have
from _migration_workflow_agent.transaction_control import BEGINS, ENDS, as_block, commands
from _migration_workflow_agent.watching import OperationWatcher
from _migration_workflow_agent.watching_alongside import FIRST_OF_USERS, HELD, Alongside
from django.db import DatabaseError
from django.db.migrations.operations import RunPython

ROWS = "RowExclusiveLock"
STRONGEST = "AccessExclusiveLock"
MODES = (
    "AccessShareLock",
    "RowShareLock",
    ROWS,
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    STRONGEST,
)

COUNTERS = """
    pg_stat_get_xact_numscans({0}) + pg_stat_get_numscans({0}),
    pg_stat_get_xact_tuples_inserted({0}) + pg_stat_get_tuples_inserted({0})
    + pg_stat_get_xact_tuples_updated({0}) + pg_stat_get_tuples_updated({0})
    + pg_stat_get_xact_tuples_deleted({0}) + pg_stat_get_tuples_deleted({0})
"""
ADDS_UP_SINCE = 150000

RELATIONS = f"""
SELECT c.oid,
    CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname || '.' END || c.relname,
    i.indrelid, c.relkind = 'm', pg_relation_filenode(c.oid), {COUNTERS.format("c.oid")}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.oid >= {FIRST_OF_USERS} AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'i', 'I')
AND n.nspname <> 'pg_toast'
"""  # noqa: S608 - nothing of a user's is in it

LOCKED = (
    f"SELECT relation, mode, pg_relation_filenode(relation), {COUNTERS.format('relation')}"
    + HELD.format("pg_backend_pid()")
)

LOCKS_NOTHING = {"SET", "SAVEPOINT", "RELEASE", "ROLLBACK"}
ONLY_INSIDE = {"LOCK", "DECLARE"}
"""What a server refuses outside of a transaction; so it must be refused here."""

CONTROLS = {*BEGINS, *ENDS}

NOT_INSIDE = {"25001", "2D000"}
"""``active_sql_transaction``, such as for VACUUM, and ``invalid_transaction_termination``: a
procedure that commits. https://www.postgresql.org/docs/current/errcodes-appendix.html"""

UNHEARD = "-- not executed by Django's cursor, such as COPY, or rows that a cursor fetched"

NOTHING = (False, False, 0)

IDLE, IN_TRANSACTION = 0, 2
"""libpq's ``PGTransactionStatusType``."""


class Relation:
    """A relation that was there before the migration, and what was last seen of it."""

    def __init__(self, name, table, materialized, *counted):
        self.name = name
        self.table = table
        self.materialized = materialized
        self.node, self.scans, self.rows = counted

    def differs(self, node, scans, rows, statement):
        """Return whether it was rewritten and scanned since, and how many rows were touched."""
        rewritten = node not in (None, self.node)
        scanned = self.table is None and scans > self.scans
        if rewritten and "TRUNCATE" in statement.upper():
            rewritten = scanned = False  # its indexes are built anew, of no rows
        changed = max(rows - self.rows, 0)  # TRUNCATE takes back what its transaction counted
        self.node, self.scans, self.rows = node or self.node, scans, rows
        return rewritten, scanned, changed


class PostgreSQLWatcher(OperationWatcher):
    """Looks after each statement that was not seen before in its operation, and at commits."""

    RANK = MODES

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self._known = None
        self._held = {}
        self._looked_at = set()
        self._unlooked = None
        self._looked = 0.0
        self._is_based = True
        self._is_open = False
        self._wal_before = 0

    @contextlib.contextmanager
    def listening(self, connection):
        """Hear of commits as well: what a transaction did can be looked at no later."""
        with super().listening(connection), around_commits(connection, self._look_and_commit):
            yield

    def _look_and_commit(self, commit):
        self._look_again(code=True)
        commit()
        self._close_account()

    def begin(self, migration):
        """Follow the migration. What exists is looked up at its first statement.

        Code may go past Django's cursor: it is looked up before.
        """
        super().begin(migration)
        self.transaction = 0
        self._known, self._unlooked = None, None
        self._looked_at, self._held, self._is_open = set(), {}, False
        self._looked = time.perf_counter()
        self.connection.ensure_connection()
        self._wal_before = self._wal()
        if any(map(_is_code, migration.operations)):
            self._look_first()

    def see(self, observed, statement, params, run, cursor):
        """Run a statement, and look at what it did unless the same was seen before."""
        found = commands(statement)
        if not found or _locks_nothing(found):
            return run()
        if _is_one_of(ENDS, found):
            self._look_again()
            return run()
        block = None if params else as_block(statement)
        if block is not None:
            return self._see_block(observed, block, run, cursor)
        if self._status() == IDLE:
            self._begin_account()
            if self._is_alone():
                return self._see_alone(observed, statement, params, run, cursor)
        self._look_first()
        is_new = (observed.index, statement) not in self._looked_at
        if is_new:
            self._look_again()
        began = time.perf_counter()
        result = run()
        if self._status() == IDLE:  # the statement ended the transaction that it found
            self._look_over(observed, statement, began)
            self._close_account()
            return result
        self._unlooked = (observed, statement, began)
        if is_new:
            self._looked_at.add((observed.index, statement))
            self._look_again()
        return result

    def left(self, observed):
        """Look at what repeated statements did, and code that nobody heard."""
        self._look_again(code=True)
        if self._adds_up and _is_code(observed.operation) and self._status() == IDLE:
            self._look_over(observed, UNHEARD, self._looked)

    def end(self, migration):
        """Close the account: every lock is released now."""
        self.connection.ensure_connection()
        self._close_account()
        return {**super().end(migration), "wal_bytes": self._wal() - self._wal_before}

    def _is_alone(self):
        """Say whether a statement would be a transaction of its own, gone when it is done."""
        return self.connection.connection.autocommit and self._status() == IDLE

    def _see_alone(self, observed, statement, params, run, cursor):
        """Hold the transaction of a statement open for a look, where that can be done."""
        found = commands(statement)
        if _is_one_of(BEGINS, found) or _is_one_of(ONLY_INSIDE, found):
            return run()
        if any(words[0] in CONTROLS for words in found):
            return self._see_alongside(observed, statement, run)
        try:
            return self._see_held(observed, statement, run)
        except DatabaseError as error:
            if sqlstate(error) not in NOT_INSIDE:
                raise
        self._is_based = False  # what it did before it failed is not done, but counted
        with unheard(self.connection):  # it was heard already
            again = functools.partial(cursor.execute, statement, params)
            return self._see_alongside(observed, statement, again)

    def _see_block(self, observed, block, run, cursor):
        """Run the parts of a text that is a transaction one by one, to look before its end."""
        begin, middle, end = block
        self._tell(begin)
        result = self.see(observed, middle, None, functools.partial(run, middle), cursor)
        self._look_again()
        self._tell(end)
        self._close_account()
        return result

    def _see_held(self, observed, statement, run):
        self._tell("BEGIN")
        try:
            self._look_first()
            began = time.perf_counter()
            result = run()
            self._unlooked = (observed, statement, began)
            self._look_again()
        except BaseException:
            self._tell("ROLLBACK")
            raise
        self._tell("COMMIT")
        self._close_account()
        return result

    def _see_alongside(self, observed, statement, run):
        self._look_first()
        began = time.perf_counter()
        with Alongside(self.connection) as other:
            result = run()
            transactions = other.transactions()
        news = self._newly_held([row for row in other.seen if row[0] in self._known])
        for oid in news:
            if not self._is_covered(self._known[oid], oid):
                touched = self._touched(observed, self._known[oid])
                self.locked(touched, self._held[oid], statement, began, "watched")
        self._look_over(observed, statement, began, transactions)
        self._close_account()
        return result

    def _begin_account(self):
        """Take note that a transaction begins, whatever became of the one before."""
        self._close_account()
        self._unlooked = None
        self.transaction += 1
        self._is_open, self._is_based = True, self._adds_up

    def _close_account(self):
        """What was locked is free again: note for how long it was held."""
        now = time.perf_counter()
        for observed in self.observed:
            for touched in observed.touched.values():
                touched.released(now)
        self._held, self._is_open = {}, False

    def _tell(self, command):
        with self.connection.wrap_database_errors, self.connection.connection.cursor() as cursor:
            cursor.execute(command)

    def _wal(self):
        """Return how many bytes the server has written to its log; others' are among them."""
        return int(self._ask("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")[0][0])

    @property
    def _adds_up(self):
        return self.connection.pg_version >= ADDS_UP_SINCE

    def _status(self):
        """Return the state of the transaction; ``None`` where a migration closed the connection."""
        known = self.connection.connection
        return None if known is None or known.closed else known.info.transaction_status

    def _ask(self, query):
        with self.connection.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def _look_first(self):
        """Learn what exists and where the counters stand, where that is not known."""
        if self._known is None:
            self._known = {oid: Relation(*row) for oid, *row in self._ask(RELATIONS)}
        elif not self._is_based:
            for oid, *_, scans, rows in self._ask(RELATIONS):
                if oid in self._known:
                    self._known[oid].scans, self._known[oid].rows = scans, rows
        self._is_based = True

    def _look_again(self, *, code=False):
        """Look at what is locked in the open transaction, if a statement may have done anything.

        ``code``: or if code that is under way may have, past Django's cursor.
        """
        looked, running = self._unlooked, self._under_way
        if looked is None and code and self._adds_up and running and _is_code(running.operation):
            looked = running, UNHEARD, self._looked
        if looked is None or self._known is None or self._status() != IN_TRANSACTION:
            return
        if not self._is_open:
            self._begin_account()
        observed, statement, began = looked
        self._unlooked = None
        found = [row for row in self._ask(LOCKED) if row[0] in self._known]
        news = self._newly_held(found)
        for oid, _, *counted in {row[0]: row for row in found}.values():
            relation = self._known[oid]
            did = relation.differs(*counted, statement)
            covered = self._is_covered(relation, oid)
            if any(did) or (oid in news and not covered):
                touched = self._touched(observed, relation)
                touched.did(*did, statement, self.transaction)
                if did[0] or did[1]:
                    self.worked(touched, self._held[oid])
                if not covered:
                    self.locked(touched, self._held[oid], statement, began)
        self._looked = time.perf_counter()

    def _look_over(self, observed, statement, began, transactions=1):
        """Look at every relation: what was locked, and names what was touched, is free again.

        Rows are spread over the transactions, since nothing tells which of them changed how many.
        """
        if not self._is_open:
            self._begin_account()
        last = self.transaction
        for oid, _, _, _, *counted in self._ask(RELATIONS):
            relation = self._known.get(oid)
            rewritten, scanned, rows = (
                relation.differs(*counted, statement) if relation else NOTHING
            )
            if rewritten or scanned or rows:
                touched = self._touched(observed, relation)
                for number in range(transactions):
                    share = (rows + number) // transactions
                    touched.did(rewritten, scanned, share, statement, self.transaction + number)
                last = self.transaction + transactions - 1
                mode = STRONGEST if rewritten else ROWS
                if rewritten or scanned:
                    self.worked(touched, self._held.get(oid, mode))
                if relation.table is None and (rewritten or rows):
                    self.locked(touched, mode, statement, began, "inferred")
        self.transaction = last
        self._looked = time.perf_counter()

    def _touched(self, observed, relation):
        touched = observed.on(relation.name)
        touched.materialized = relation.materialized
        return touched

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


def _is_code(operation):
    """Say whether an operation may do anything, and go past Django's cursor."""
    return may_have([operation], RunPython)


def _is_one_of(kinds, found):
    return len(found) == 1 and found[0][0] in kinds


def _locks_nothing(found):
    """Say whether it has no lock, or must be the first of its transaction."""
    return _is_one_of(LOCKS_NOTHING, found) or found[0][:2] == ["SET", "TRANSACTION"]
