"""Finds out with which algorithm MariaDB or MySQL changes a table, and what it keeps out meanwhile.

Both choose the gentlest algorithm that can do it. Which one that is, is asked by demanding each in
turn: a demand that can't be met is refused before anything is changed
(https://mariadb.com/kb/en/innodb-online-ddl-overview/,
https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html).
"""

import re
import time

from _migration_workflow_agent.migrating import unheard
from _migration_workflow_agent.watching import OperationWatcher
from django.db import DatabaseError

MOMENT = "MDL_EXCLUSIVE"
"""Held for a moment, at the begin and at the end, and waited for behind every open transaction."""

WRITES = "MDL_SHARED_NO_WRITE"
"""Held while the table is copied or its index is built: rows can be read and not written."""

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

NAME = r"(?:`((?:[^`]|``)+)`|(\w+))"
ALTER = re.compile(rf"\s*ALTER\s+(?:IGNORE\s+)?TABLE\s+{NAME}\s", re.IGNORECASE)
INDEX = re.compile(
    rf"\s*(?:CREATE\s+(?:UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+)?|DROP\s+)INDEX\s.*?\sON\s+{NAME}",
    re.IGNORECASE | re.DOTALL,
)
WHOLE = re.compile(
    rf"\s*(?:DROP|RENAME|TRUNCATE)\s+(?:TABLE\s+)?(?:IF\s+EXISTS\s+)?{NAME}", re.IGNORECASE
)
REFERS = re.compile(rf"\bREFERENCES\s+{NAME}", re.IGNORECASE)
DROPS = re.compile(r"\bDROP\s+(?:INDEX|CONSTRAINT|FOREIGN\s+KEY|CHECK)\b", re.IGNORECASE)
CHANGES_ROWS = re.compile(
    rf"\s*(?:UPDATE|DELETE\s+FROM|INSERT\s+INTO|REPLACE\s+INTO)\s+{NAME}", re.IGNORECASE
)
COMMITS = re.compile(r"\s*(?:ALTER|CREATE|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE)
"""Statements before and after which the transaction ends, whatever it is of.

https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
"""


class MySQLWatcher(OperationWatcher):
    """Demands each algorithm in turn of every statement that changes a table."""

    RANK = (WRITES, MOMENT)

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self._known = set()

    def begin(self, migration):
        """Follow the migration, and learn which tables are there before it."""
        super().begin(migration)
        with unheard(self.connection), self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
            )
            self._known = {name for (name,) in cursor.fetchall()}

    def see(self, observed, statement, params, run, cursor):
        """Run a statement, and note what it did. One that commits is a transaction of its own."""
        commits = COMMITS.match(statement) is not None
        self.transaction += commits or not self.connection.in_atomic_block
        try:
            return self._see(observed, statement, params, run, cursor)
        finally:
            self.transaction += commits

    def _see(self, observed, statement, params, run, cursor):
        """Run a statement, the gentlest way that there is, and note which one that was."""
        found = ALTER.match(statement) or INDEX.match(statement)
        table = _table(found)
        if table in self._known and ";" not in statement.rstrip("; \n"):
            began = time.perf_counter()
            result = self._altered(observed.on(table), statement, params, run, cursor)
            self._note_parents(observed, table, statement, began)
            return result
        began = time.perf_counter()
        result = run()
        table = _table(WHOLE.match(statement))
        if table in self._known:
            self._note(observed.on(table), MOMENT, statement, began)
        table = _table(CHANGES_ROWS.match(statement))
        if table in self._known:
            rows = max(cursor.rowcount, 0)
            observed.on(table).did(False, False, rows, statement, self.transaction)
            observed.on(table).statement = observed.on(table).statement or statement
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
                return None
        result = run()
        self._note(touched, MOMENT, statement, began)
        return result

    def _note_parents(self, observed, table, statement, began):
        """Note the tables that a new foreign key leads to: it waits for whoever writes to them.

        That can't be read anywhere; a test holds rows of theirs and sees it wait.
        """
        for match in REFERS.finditer(statement):
            parent = _table(match)
            if parent in self._known and parent != table:
                observed.on(parent).observed = "inferred"
                self._note(observed.on(parent), WRITES, statement, began)

    def _note(self, touched, mode, statement, began):
        self.locked(touched, mode, statement, began)
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


def _table(match):
    if match is None:
        return None
    quoted, plain = match.groups()
    return quoted.replace("``", "`") if quoted else plain
