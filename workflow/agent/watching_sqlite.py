"""Sees which tables of SQLite are made anew, and how many rows that copies.

A writer locks the whole file (https://www.sqlite.org/lockingv3.html), so what matters is for how
long. A table that is made anew stands on another page: its content was copied row by row.
"""

import time

from _migration_workflow_agent.migrating import unheard
from _migration_workflow_agent.watching import OperationWatcher

EXCLUSIVE = "EXCLUSIVE"
TABLES = "SELECT name, rootpage FROM sqlite_master WHERE type = 'table' AND rootpage > 0"


class SQLiteWatcher(OperationWatcher):
    """Compares the pages of tables before and after each operation."""

    RANK = (EXCLUSIVE,)

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self._known = {}
        self._before = None
        self._first = None
        self._began = 0.0

    def begin(self, migration):
        """Follow the migration. What exists is looked up before its first operation."""
        super().begin(migration)
        self._known, self._before = self._look(), None

    def see(self, observed, statement, params, run, cursor):  # noqa: ARG002 - what the base passes
        """Run a statement, and keep the first of its operation."""
        if self._before is None:
            self._before, self._first = self._look(), statement
            self._began = time.perf_counter()
        return run()

    def left(self, observed):
        """Compare, now that the operation is over."""
        if self._before is None:
            return
        after = self._look()
        for name in sorted(self._known.keys() & self._before.keys()):
            if after.get(name) != self._before[name]:
                touched = observed.on(name)
                touched.did(name in after, name in after, self._rows(name, after), self._first)
                self.locked(touched, EXCLUSIVE, self._first, self._began)
                touched.seconds = time.perf_counter() - self._began
        self._before = None

    def _rows(self, name, after):
        if name not in after:
            return 0
        return self._ask(f"SELECT count(*) FROM {self.connection.ops.quote_name(name)}")[0][0]  # noqa: S608

    def _look(self):
        return dict(self._ask(TABLES))

    def _ask(self, query):
        with unheard(self.connection), self.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()
