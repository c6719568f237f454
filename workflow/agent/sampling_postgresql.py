"""Reads rows of a PostgreSQL database for a sample, and writes them into another.

A row travels as the text of its whole record, which PostgreSQL reads back exactly, whatever the
types of its columns are.
"""

from _migration_workflow_agent.sampling import HISTORY, ROWS, Reference, Row, chunks

TABLES = """
SELECT c.oid::regclass::text, c.relname, c.relkind::text,
    greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid)),
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
    (SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_index i,
     unnest(i.indkey::int2[]) WITH ORDINALITY k (number, place), pg_attribute a
     WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.number)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""

REFERENCES = """
SELECT f.conrelid::regclass::text, f.confrelid::regclass::text,
    (SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_attribute a,
     unnest(f.conkey) WITH ORDINALITY k (number, place)
     WHERE a.attrelid = f.conrelid AND a.attnum = k.number),
    (SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_attribute a,
     unnest(f.confkey) WITH ORDINALITY k (number, place)
     WHERE a.attrelid = f.confrelid AND a.attnum = k.number)
FROM pg_constraint f WHERE f.contype = 'f'
"""

TYPES = """
SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""

SEQUENCES = """
SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value
FROM pg_sequences WHERE last_value IS NOT NULL
"""


class Source:
    """A database that rows are read from. Tables go by their names as SQL writes them.

    The names are qualified: the search path is empty while this reads.
    """

    def __init__(self, connection):
        self._connection = connection
        self._quote = connection.ops.quote_name
        self._run("SET LOCAL search_path = ''")
        found = self._run(TABLES)
        self.tables = [row[0] for row in found]
        self.columns = {table: columns or [] for table, _, _, _, columns, _ in found}
        self.rows = sum(row[3] for row in found)
        self.sequences = self._run(SEQUENCES)
        self._wholes = {table for table, name, *_ in found if name == HISTORY}
        self._only = {table: "ONLY " if kind == "r" else "" for table, _, kind, *_ in found}
        self._keys = {row[0]: row[5] for row in found}
        known = set(self.tables)
        self.references = [
            Reference(table, tuple(columns), parent, tuple(others))
            for table, parent, columns, others in self._run(REFERENCES)
            if {table, parent} <= known
        ]

    def some(self, table):
        """Return the oldest and the newest rows of a table, as far as its key says so."""
        if table in self._wholes:
            return self._read(table, "")
        if not self._keys[table]:
            return self._read(table, f" LIMIT {ROWS}")
        key = [f"t.{self._quote(name)}" for name in self._keys[table]]
        half = f"LIMIT {ROWS // 2}"
        oldest = self._read(table, f" ORDER BY {', '.join(key)} {half}")
        newest = self._read(table, f" ORDER BY {', '.join(name + ' DESC' for name in key)} {half}")
        return [*oldest, *newest]

    def by_key(self, table, columns, keys):
        """Return the rows in which some columns hold one of ``keys``."""
        types = dict(self._run(TYPES, [table]))
        names = ", ".join(f"t.{self._quote(column)}" for column in columns)
        arrays = ", ".join(f"%s::text[]::{types[column]}[]" for column in columns)
        where = f" WHERE ({names}) IN (SELECT * FROM unnest({arrays}))"  # noqa: S608
        return self._read(table, where, [list(values) for values in zip(*keys)])  # noqa: B905

    def _read(self, table, rest, params=None):
        about = self._of_keys(table)
        names = "".join(f", t.{self._quote(name)}::text" for name in about)
        sql = f"SELECT (t.*)::text{names} FROM {self._only[table]}{table} t{rest}"  # noqa: S608
        return [Row(row[0], dict(zip(about, row[1:]))) for row in self._run(sql, params)]  # noqa: B905

    def _of_keys(self, table):
        """Return the columns of a table that a foreign key is about, on either side."""
        names = set()
        for reference in self.references:
            names.update(reference.columns if reference.table == table else ())
            names.update(reference.parent_columns if reference.parent == table else ())
        return sorted(names)

    def _run(self, sql, params=None):
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else []


def write(connection, source, rows):
    """Write rows into a database with the same tables and no constraints, and set its sequences."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table, found in rows.items():
            names = [quote(name) for name in source.columns[table]]
            values = ", ".join(f"(r.v).{name}" for name in names)
            sql = (
                f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE "  # noqa: S608
                f"SELECT {values} FROM (SELECT unnest(%s::text[])::{table} AS v) r"
            )
            for part in chunks(found):
                cursor.execute(sql, [[row.content for row in part]])
        for sequence, value in source.sequences:
            cursor.execute("SELECT setval(%s::regclass, %s)", [sequence, value])
