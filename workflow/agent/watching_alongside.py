"""Looks from a second connection at a statement of PostgreSQL whose transaction can't be held open.

https://www.postgresql.org/docs/current/view-pg-locks.html
"""

import threading

from _migration_workflow_agent.server_session import own_connection

FIRST_OF_USERS = 16384
"""Object ids below it are the system catalog's."""

HELD = f"""
FROM pg_locks WHERE pid = {{}} AND locktype = 'relation' AND relation >= {FIRST_OF_USERS}
AND mode <> 'SIReadLock'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - nothing of a user's is in it
"""The locks on tables and indexes that a session has, or waits for.

``SIReadLock``, of serializable transactions, keeps nobody from anything.
"""

TABLES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
WAITS = "SELECT 1 FROM pg_locks WHERE pid = {} AND NOT granted"
LOCKS_OF = f"SELECT relation, mode {HELD}"
NEXT_TRANSACTION = "SELECT txid_snapshot_xmax(txid_current_snapshot())"
"""The number that the next transaction gets which writes anything, on the whole server."""

LOOKS_EVERY = 0.002
"""Seconds between two looks at whether a statement waits already."""


class Alongside:
    """A connection that looks at the locks of a statement which can't be held open.

    It keeps a lock on every table that such a statement gets along with and yet waits for before
    its end, as CONCURRENTLY does for everybody who may still see the table as it was, or that it
    waits for at its begin, as VACUUM FULL does. When it waits, the locks are read, and it is let
    go. What waits for nobody is not seen, nor what is locked after the first wait.
    """

    def __init__(self, connection):
        self.connection = connection
        self.seen = []
        self._done = threading.Event()
        self._first = 0

    def __enter__(self):
        with self.connection.connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._pid = cursor.fetchone()[0]
        self._own = own_connection(self.connection)
        self._own.inc_thread_sharing()
        self._own.set_autocommit(False)
        tables = [name for (name,) in self._ask(TABLES)]
        if tables:
            with self._own.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ROW EXCLUSIVE MODE")
        self._first = self._next_transaction()
        self._thread = threading.Thread(target=self._watch, name="lock-watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
        self._own.close()

    def transactions(self):
        """Return how many transactions wrote anything since; those of others are among them."""
        self._done.set()
        self._thread.join()
        return max(self._next_transaction() - self._first, 1)

    def _next_transaction(self):
        return self._ask(NEXT_TRANSACTION)[0][0]

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
