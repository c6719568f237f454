"""Reads rows of a MariaDB or MySQL database for a sample, and writes them into another."""

from _migration_workflow_agent.sampling import HISTORY, ROWS, Reference, Row, chunks

TABLES = """
SELECT table_name, coalesce(table_rows, 0) FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
"""

COLUMNS = """
SELECT table_name, column_name, column_key = 'PRI' FROM information_schema.columns
WHERE table_schema = DATABASE() AND extra NOT LIKE '%GENERATED%' ORDER BY ordinal_position
"""

REFERENCES = """
SELECT constraint_name, table_name, column_name, referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE()
ORDER BY table_name, constraint_name, ordinal_position
"""


class Source:
    """A database that rows are read from, as the driver gives them."""

    def __init__(self, connection):
        self._connection = connection
        self._quote = connection.ops.quote_name
        counts = dict(self._run(TABLES))
        self.tables = list(counts)
        self.rows = sum(counts.values())
        self.columns = {table: [] for table in self.tables}
        self._keys = {table: [] for table in self.tables}
        for table, column, is_key in self._run(COLUMNS):
            if table in counts:
                self.columns[table].append(column)
                self._keys[table] += [column] if is_key else []
        self.references = self._references()

    def some(self, table):
        """Return the oldest and the newest rows of a table, as far as its key says so."""
        if table == HISTORY:
            return self._read(table, "")
        if not self._keys[table]:
            return self._read(table, f" LIMIT {ROWS}")
        key = [self._quote(name) for name in self._keys[table]]
        half = f"LIMIT {ROWS // 2}"
        oldest = self._read(table, f" ORDER BY {', '.join(key)} {half}")
        newest = self._read(table, f" ORDER BY {', '.join(name + ' DESC' for name in key)} {half}")
        return [*oldest, *newest]

    def by_key(self, table, columns, keys):
        """Return the rows in which some columns hold one of ``keys``."""
        names = ", ".join(map(self._quote, columns))
        one = "(" + ", ".join(["%s"] * len(columns)) + ")"
        where = f" WHERE ({names}) IN ({', '.join([one] * len(keys))})"
        return self._read(table, where, [value for key in keys for value in key])

    def _references(self):
        found = {}
        for name, table, column, parent, other in self._run(REFERENCES):
            found.setdefault((table, name), (parent, [], []))
            found[table, name][1].append(column)
            found[table, name][2].append(other)
        return [
            Reference(table, tuple(columns), parent, tuple(others))
            for (table, _), (parent, columns, others) in found.items()
        ]

    def _read(self, table, rest, params=None):
        names = self.columns[table]
        what = ", ".join(map(self._quote, names))
        sql = f"SELECT {what} FROM {self._quote(table)}{rest}"  # noqa: S608 - quoted names
        return [
            Row(tuple(row), dict(zip(names, row)))  # noqa: B905 - not known to Python 3.8
            for row in self._run(sql, params)
        ]

    def _run(self, sql, params=None):
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()


def write(connection, source, rows):
    """Write rows into a database with the same tables, in any order, and no triggers."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0, unique_checks = 0")
        for table, found in rows.items():
            names = source.columns[table]
            what, values = ", ".join(map(quote, names)), ", ".join(["%s"] * len(names))
            sql = f"INSERT INTO {quote(table)} ({what}) VALUES ({values})"  # noqa: S608
            for part in chunks(found):
                cursor.executemany(sql, [row.content for row in part])
