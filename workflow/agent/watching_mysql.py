"""Finds out with which algorithm MariaDB or MySQL changes a table, and what it keeps out meanwhile.

Both choose the gentlest algorithm that can do it. Which one that is, is asked by demanding each in
turn: a demand that can't be met is refused before anything is changed
(https://mariadb.com/kb/en/innodb-online-ddl-overview/,
https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html).
"""

import re
import time

from _migration_workflow_agent.foreign_keys_mysql import OF_CHILD, OF_PARENT, ForeignKeys
from _migration_workflow_agent.migrating import unheard
from _migration_workflow_agent.watching import CHANGES_ROWS, NAME, OperationWatcher, named
from django.db import DatabaseError

MOMENT = "MDL_EXCLUSIVE"
"""Held for a moment, at the begin and at the end, and waited for behind every open transaction."""

WRITES = "MDL_SHARED_NO_WRITE"
"""Held while the table is copied or its index is built: rows can be read and not written."""

ROWS = "MDL_SHARED_WRITE"
"""Held by whoever changes rows, with those rows, until the transaction is over."""

DEMANDS = (
    ("INSTANT", None, False),
    ("NOCOPY", "NONE", False),
    ("INPLACE", "NONE", True),
    ("NOCOPY", "SHARED", False),
    ("INPLACE", "SHARED", True),
    ("COPY", "NONE", True),
    ("COPY", "SHARED", True),
)
"""Algorithm, lock, and whether the table is rebuilt, the gentlest first.

NOCOPY is MariaDB's: what it may do is all but to rebuild the table.
"""

REFUSED = {1064, 1221, 1800, 1845, 1846, 1235}
"""Not supported, not known, or not for this statement."""

ALTER = re.compile(rf"\s*ALTER\s+(?:IGNORE\s+)?TABLE\s+{NAME}\s", re.IGNORECASE)
INDEX = re.compile(
    rf"\s*(?:CREATE\s+(?:UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+)?|DROP\s+)INDEX\s.*?\sON\s+{NAME}",
    re.IGNORECASE | re.DOTALL,
)
WHOLE = re.compile(
    rf"\s*(?:DROP|RENAME|TRUNCATE)\s+(?:TABLE\s+)?(?:IF\s+EXISTS\s+)?{NAME}", re.IGNORECASE
)
DROPS = re.compile(r"\bDROP\s+(?:INDEX|CONSTRAINT|FOREIGN\s+KEY|CHECK)\b", re.IGNORECASE)
COMMITS = re.compile(r"\s*(?:ALTER|CREATE|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE)
"""Statements before and after which the transaction ends, whatever it is of.

https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
"""


class MySQLWatcher(OperationWatcher):
    """Demands each algorithm in turn of every statement that changes a table."""

    RANK = (ROWS, OF_CHILD, OF_PARENT, WRITES, MOMENT)

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self._known = set()
        self._keys = ForeignKeys(connection)

    def begin(self, migration):
        """Follow the migration, and learn which tables are there before it."""
        super().begin(migration)
        self._keys.forget()
        with unheard(self.connection), self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
            )
            self._known = {name for (name,) in cursor.fetchall()}

    def see(self, observed, statement, params, run, cursor):
        """Run a statement, and note what it did. One that commits is a transaction of its own."""
        commits = COMMITS.match(statement) is not None
        if self._begins() or commits:
            self.transaction += 1
            self.left(observed)
        try:
            return self._see(observed, statement, params, run, cursor)
        finally:
            if commits:
                self.transaction += 1
                self._keys.saw(statement)

    def left(self, observed):
        """Take note that the rows which an operation has changed are free again."""
        now = time.perf_counter()
        for touched in observed.touched.values():
            touched.released(now)

    def _begins(self):
        """Say whether a statement is the first of its transaction.

        The server tells nobody. Django forgets what waits for a commit when there was one, or none.
        """
        if not self.connection.in_atomic_block:
            return True
        if any(entry[1] is _committed for entry in self.connection.run_on_commit):
            return False
        self.connection.on_commit(_committed)
        return True

    def _see(self, observed, statement, params, run, cursor):
        """Run a statement, the gentlest way that there is, and note which one that was."""
        table = named(ALTER.match(statement) or INDEX.match(statement))
        whole = None if table else named(WHOLE.match(statement))
        changed = table or whole
        reach = self._keys.reach(changed, statement) if changed else dict
        began = time.perf_counter()
        if table in self._known and ";" not in statement.rstrip("; \n"):
            result = self._altered(observed.on(table), statement, params, run, cursor)
        else:
            result = run()
        if whole in self._known:
            self._note(observed.on(whole), MOMENT, statement, began)
        reached = reach()
        for other in sorted(reached.keys() & self._known):
            self._note_reached(observed.on(other), reached[other], statement, began)
        self._note_rows(observed, statement, began, cursor)
        return result

    def _altered(self, touched, statement, params, run, cursor):
        began, comma = time.perf_counter(), ", " if ALTER.match(statement) else " "
        for algorithm, lock, rebuilds in DEMANDS:
            demand = f"ALGORITHM={algorithm}" + (f"{comma}LOCK={lock}" if lock else "")
            if self._is_done(statement.rstrip("; \n") + comma + demand, params, cursor):
                touched.algorithm = algorithm
                scans = algorithm != "INSTANT" and not DROPS.search(statement)
                touched.did(rebuilds, scans or rebuilds, 0, statement, self.transaction)
                self._note(touched, WRITES if lock == "SHARED" else MOMENT, statement, began)
                if lock == "SHARED":
                    self.worked(touched, WRITES)
                return None
        result = run()
        self._note(touched, MOMENT, statement, began)
        return result

    def _note_rows(self, observed, statement, began, cursor):
        """Note how many rows of which table were changed. They are kept until the commit."""
        table = named(CHANGES_ROWS.match(statement))
        if table in self._known:
            touched = observed.on(table)
            touched.did(False, False, max(cursor.rowcount, 0), statement, self.transaction)
            self.locked(touched, ROWS, statement, began, "inferred")

    def _note_reached(self, touched, mode, statement, began):
        """Note a table that a foreign key leads to. All but ``WRITES`` are there for a moment."""
        self.locked(touched, mode, statement, began, "inferred")
        touched.taken = None
        if mode == WRITES:
            touched.seconds += time.perf_counter() - began

    def _note(self, touched, mode, statement, began):
        self.locked(touched, mode, statement, began)
        touched.taken = None
        touched.seconds += time.perf_counter() - began

    def _is_done(self, statement, parameters, cursor):
        try:
            with unheard(self.connection):
                cursor.execute(statement, parameters)
        except DatabaseError as error:
            if error.args and error.args[0] in REFUSED:
                return False
            raise
        return True


def _committed():
    """Mark the transaction that is open. There is nothing to do when it is over."""
