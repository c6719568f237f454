"""Sees which tables of SQLite are made anew, how many rows that copies, and which rows change.

A writer locks the whole file (https://www.sqlite.org/lockingv3.html), so what matters is for how
long. A table that is made anew stands on another page: its content was copied row by row. How many
rows a statement changed is what the connection counts, with those that a trigger changed for it
(https://www.sqlite.org/c3ref/total_changes.html): a cursor can't tell before all that the statement
returns has been fetched.
"""

import time

from _migration_workflow_agent.migrating import unheard
from _migration_workflow_agent.watching import CHANGES_ROWS, OperationWatcher, named

EXCLUSIVE = "EXCLUSIVE"
TABLES = "SELECT name, rootpage FROM sqlite_master WHERE type = 'table' AND rootpage > 0"


class SQLiteWatcher(OperationWatcher):
    """Compares the pages of tables before and after each operation, and counts changed rows."""

    RANK = (EXCLUSIVE,)

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self._known = {}
        self._before = None
        self._first = None
        self._began = 0.0
        self._changing = None

    def begin(self, migration):
        """Follow the migration. What exists is looked up before its first operation."""
        super().begin(migration)
        self._known, self._before, self._changing = self._look(), None, None

    def see(self, observed, statement, params, run, cursor):  # noqa: ARG002 - what the base passes
        """Run a statement, keep the first of its operation, and note whose rows it changes."""
        self._count()
        self._changing = None
        if self._before is None:
            self._before, self._first = self._look(), statement
            self._began = time.perf_counter()
        began, changes = time.perf_counter(), self._changes()
        result = run()
        table = named(CHANGES_ROWS.match(statement))
        if table in self._known:
            self.locked(observed.on(table), EXCLUSIVE, statement, began, "inferred")
            self._changing = (observed.on(table), statement, changes)
            self._count()
        return result

    def left(self, observed):
        """Count and compare, now that the operation is over."""
        self._count()
        self._changing = None
        if self._before is None:
            return
        after = self._look()
        for name in sorted(self._known.keys() & self._before.keys()):
            if after.get(name) != self._before[name]:
                touched = observed.on(name)
                touched.did(name in after, name in after, self._rows(name, after), self._first)
                self.locked(touched, EXCLUSIVE, self._first, self._began)
                if touched.rewrite:
                    self.worked(touched, EXCLUSIVE)
        for touched in observed.touched.values():
            touched.released(time.perf_counter())
        self._before = None

    def _count(self):
        """Note how many rows the last statement has changed since that was noted."""
        if self._changing is not None:
            touched, statement, before = self._changing
            after = self._changes()
            touched.did(False, False, max(after - before, 0), statement)
            self._changing = (touched, statement, after)

    def _changes(self):
        """Return how many rows were changed on the connection, 0 where a migration closed it."""
        known = self.connection.connection
        return 0 if known is None else known.total_changes

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
