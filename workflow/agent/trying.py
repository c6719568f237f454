"""Tries again what did not get its lock, for as long as it was asked to.

What is tried again is what the server has taken back whole: a statement of its own where there
is no transaction around it, a migration where it is one transaction, the plan where that is one.
"""

import contextlib
import re
import time

from _migration_workflow_agent.limits import is_of_lock, set_limits, set_lock_limit
from _migration_workflow_agent.migrating import Watcher, unheard
from _migration_workflow_agent.transaction_control import ends_transaction, is_one_transaction
from django.db import DatabaseError

LONGEST_PAUSE = 10
"""Seconds between two tries at most. Between them everybody who waited behind us comes through."""

CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
BUILDING = re.compile(r"\s*(CREATE|REINDEX)\b.*\bCONCURRENTLY\b", re.IGNORECASE | re.DOTALL)
TRANSIENT = re.compile(r"_cc(new|old)\d*$")
"""How the names end that PostgreSQL gives an index while it builds it anew."""

INVALID_INDEXES = """
    SELECT c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
           i.indrelid::regclass::text
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_'
"""

NOT_BEING_BUILT = """
    AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index p
        WHERE p.datname = current_database() AND (p.relid IS NULL OR p.relid = i.indrelid))
"""
"""Of a session of another user's the server does not tell at which table it is. The view is there
from PostgreSQL 12 on, as is REINDEX CONCURRENTLY."""

REINDEXES_SINCE = 120000


class Trying(Watcher):
    """Runs work until it has its locks, and counts the tries.

    ``waited`` is for how many seconds the work under way waited and paused so far, ``tries`` how
    often it was begun.
    """

    def __init__(self, channel, connection, patience):
        self.channel = channel
        self.connection = connection
        self.patience = patience
        self.waited = 0
        self.tries = 0
        self._has_ended = False

    def attempt(self, work, limit=None):
        """Return what ``work`` returns, once it gets its locks. Raises what it raised last.

        ``limit`` is how long each try waits for a lock.
        """
        self.waited, self.tries, pause = 0, 0, self.patience.lock
        while True:
            self.tries += 1
            try:
                return work()
            except Exception as error:
                if self._has_ended or not is_of_lock(self.connection.vendor, error):
                    raise
                self.waited += limit or self.patience.lock
                if self.waited + pause > self.patience.total:
                    raise
            self.channel.event(doing="pausing", seconds=pause, tries=self.tries)
            time.sleep(pause)
            self.waited += pause
            pause = min(2 * pause, LONGEST_PAUSE)

    def begin(self, migration):  # noqa: ARG002 - what watchers take
        """Set the limits anew: the migration before may have set others."""
        self._has_ended = False
        set_limits(self.connection, self.patience)

    def statement(self, execute, sql, params, many, context):
        """Try a statement again where nothing but itself is lost when it fails."""
        if not self._stands_alone(context["connection"]):
            try:
                return execute(sql, params, many, context)
            finally:  # the server has not taken back whole what is tried again then
                self._has_ended = self._has_ended or ends_transaction(str(sql))
        if context["connection"].vendor == "postgresql" and CONCURRENTLY.search(str(sql)):
            return self._concurrently(execute, sql, params, many, context)
        return self.attempt(lambda: execute(sql, params, many, context))

    def _stands_alone(self, connection):
        """Say whether the server keeps all that came before a statement which fails.

        MySQL does even in a transaction, unless it is told to roll that back
        (https://mariadb.com/kb/en/innodb-system-variables/#innodb_rollback_on_timeout).
        """
        if connection.vendor == "mysql":
            return not self._rolls_back(connection)
        return not connection.in_atomic_block and connection.get_autocommit()

    def _rolls_back(self, connection):
        if not connection.in_atomic_block:
            return False
        with unheard(connection), connection.cursor() as cursor:
            cursor.execute("SELECT @@innodb_rollback_on_timeout")
            return bool(cursor.fetchone()[0])

    def _concurrently(self, execute, sql, params, many, context):
        """Wait once, and as long as there is patience: what is done concurrently blocks nobody.

        It waits for every transaction that may still look at the table as it was. Cut off, it
        leaves an index that is not valid: each write costs for it, and no query uses it.
        """
        connection, text = context["connection"], str(sql)

        def execute_or_clean_up():
            drop_what_is_left(connection, text)
            self._wait(connection, self.patience.total)
            try:
                return execute(sql, params, many, context)
            except DatabaseError:
                self._wait(connection, self.patience.lock)
                with contextlib.suppress(DatabaseError):  # then the next run drops it
                    drop_what_is_left(connection, text)
                raise

        try:
            return self.attempt(execute_or_clean_up, self.patience.total)
        finally:
            self._wait(connection, self.patience.lock)

    @staticmethod
    def _wait(connection, seconds):
        with unheard(connection), connection.cursor() as cursor:
            set_lock_limit(cursor, seconds)


def invalid_indexes(connection):
    """Return name, quoted name and table of each index that a cut-off build has left."""
    with unheard(connection), connection.cursor() as cursor:
        cursor.execute(INVALID_INDEXES)
        return cursor.fetchall()


def left_invalid(connection):
    """Return the ``index``, quoted, and ``table`` of each that a cut-off build has left.

    ``rebuild`` says whether PostgreSQL can build it anew under its name. One that is being built
    now is not left.
    """
    if connection.vendor != "postgresql":
        return []
    knows = connection.pg_version >= REINDEXES_SINCE
    with connection.cursor() as cursor:
        cursor.execute(INVALID_INDEXES + NOT_BEING_BUILT * knows)
        return [
            {"index": quoted, "table": table, "rebuild": knows and not TRANSIENT.search(name)}
            for name, quoted, table in cursor.fetchall()
        ]


def drop_what_is_left(connection, sql):
    """Drop the indexes that were left when a build was cut off which ``sql`` does anew.

    Raises DatabaseError where somebody still uses the table: the drop waits for them, too.
    """
    if not BUILDING.match(sql):
        return
    for name, quoted, _ in invalid_indexes(connection):
        if re.search(rf"\b{re.escape(re.sub(TRANSIENT, '', name))}\b", sql):
            with unheard(connection), connection.cursor() as cursor:
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted}")


class Rebuilding(Watcher):
    """Takes what an earlier build was cut off at out of the way of its repetition."""

    def statement(self, execute, sql, params, many, context):
        """Drop what is left first."""
        connection = context["connection"]
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            drop_what_is_left(connection, str(sql))
        return execute(sql, params, many, context)


def executor_class(trying, after_each=None):
    """Return Django's executor, made to try each migration again that is one transaction.

    ``after_each`` is called with each migration that is applied, once nothing of it can be tried
    again; what it raises ends the plan.
    """
    from django.db.migrations.executor import MigrationExecutor

    class Executor(MigrationExecutor):
        def apply_migration(self, state, migration, **how):
            state = self._tried(super().apply_migration, state, migration, how)
            if after_each is not None:
                after_each(migration)
            return state

        def unapply_migration(self, state, migration, **how):
            return self._tried(super().unapply_migration, state, migration, how)

        def _tried(self, run, state, migration, how):
            """A migration changes the state that it is given, and each try needs it unchanged."""
            if not (self.connection.features.can_rollback_ddl and is_one_transaction(migration)):
                return run(state, migration, **how)
            return trying.attempt(lambda: run(state.clone(), migration, **how))

    return Executor
