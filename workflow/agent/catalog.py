"""What each table is at the moment, in few queries: to see which tables a migration changed.

The fingerprint tells a person what differs and asks about every table; this tells only whether.
Names that engines or Django make up for constraints and indexes count for nothing: they differ
between two ways to the same table. Nor do casts and parentheses in PostgreSQL's expressions: a
table that was dumped and restored has others.
"""

import hashlib
import re

from _migration_workflow_agent.fingerprint import describe_table
from _migration_workflow_agent.migrating import Watcher, unheard

POSTGRESQL = """
    SELECT c.relname, md5(string_agg(part, chr(10) ORDER BY part))
    FROM pg_class c JOIN (SELECT oid,
        regexp_replace(part, '::[a-z ]+([(][0-9]+[)])?([[]])?|[()]', '', 'g') AS part
        FROM (
        SELECT a.attrelid AS oid, concat_ws(' ', 'column', a.attname,
            format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
            a.attcollation, pg_get_expr(d.adbin, d.adrelid)) AS part
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT conrelid, concat(pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype <> 'n'
        UNION ALL
        SELECT indrelid, regexp_replace(pg_get_indexdef(indexrelid), 'INDEX .* ON ', 'INDEX ON ')
        FROM pg_index
        UNION ALL
        SELECT tgrelid, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        ) written
    ) parts ON parts.oid = c.oid
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = ANY (current_schemas(false)::regnamespace[])
    GROUP BY c.oid, c.relname
"""
"""A NOT NULL of PostgreSQL 18 is a constraint as well (contype ``n``): the column tells of it."""

MYSQL_COLUMNS = """
    SELECT table_name, 'column', column_name, column_type, is_nullable, column_default, extra,
        collation_name
    FROM information_schema.columns WHERE table_schema = DATABASE()
"""
MYSQL_INDEXES = """
    SELECT table_name, 'index', non_unique, index_type,
        GROUP_CONCAT(CONCAT_WS(' ', column_name, sub_part, collation) ORDER BY seq_in_index)
    FROM information_schema.statistics WHERE table_schema = DATABASE()
    GROUP BY table_name, index_name, non_unique, index_type
"""
MYSQL_REFERENCES = """
    SELECT k.table_name, 'references', k.column_name, k.referenced_table_name,
        k.referenced_column_name, r.delete_rule, r.update_rule
    FROM information_schema.key_column_usage k
    JOIN information_schema.referential_constraints r
        ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
        AND r.table_name = k.table_name
    WHERE k.table_schema = DATABASE()
"""
MYSQL_TRIGGERS = """
    SELECT event_object_table, 'trigger', action_timing, event_manipulation, action_statement
    FROM information_schema.triggers WHERE trigger_schema = DATABASE()
"""
MARIADB_CHECKS = """
    SELECT table_name, 'check', check_clause FROM information_schema.check_constraints
    WHERE constraint_schema = DATABASE()
"""
MYSQL_CHECKS = """
    SELECT t.table_name, 'check', c.check_clause
    FROM information_schema.check_constraints c
    JOIN information_schema.table_constraints t
        ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
    WHERE c.constraint_schema = DATABASE()
"""
SQLITE_TABLES = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
DESCRIBED = {}  # type: dict[tuple[str, str], list[str]]
"""The lines that describe tables of SQLite, by name and definition: that tells all of them."""

SQLITE_MORE = """
    SELECT tbl_name, sql FROM sqlite_master
    WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
"""
INDEX_NAME = re.compile(r"(CREATE\s+(?:UNIQUE\s+)?INDEX)\s.*?\sON\s+", re.IGNORECASE | re.DOTALL)
"""How the definition of an index begins, with its name."""


def digests(connection):
    """Return a digest of each table that Django's connection finds without a schema's name."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL)
            return dict(cursor.fetchall())
        if connection.vendor == "mysql":
            return _digested(_mysql_parts(connection, cursor))
        return _digested(_sqlite_parts(connection, cursor))


GONE = "gone"
"""What stands in the place of a digest for a table that is not there any more."""


def changed(before, after):
    """Return the tables that came, went, or are not what they were."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def changes_between(before, after):
    """Return the digest that each of these tables has now, or ``GONE``."""
    return {table: after.get(table, GONE) for table in changed(before, after)}


def _sqlite_parts(connection, cursor):
    cursor.execute(SQLITE_TABLES)
    for name, sql in cursor.fetchall():
        if name.startswith("sqlite_"):
            continue
        if (name, sql) not in DESCRIBED:
            DESCRIBED[name, sql] = describe_table(connection, cursor, name)
        for line in DESCRIBED[name, sql]:
            yield name, line
    cursor.execute(SQLITE_MORE)
    for table, sql in cursor.fetchall():
        yield table, INDEX_NAME.sub(r"\1 ON ", sql, count=1)


def _mysql_parts(connection, cursor):
    checks = MARIADB_CHECKS if connection.mysql_is_mariadb else MYSQL_CHECKS
    for query in (MYSQL_COLUMNS, MYSQL_INDEXES, MYSQL_REFERENCES, MYSQL_TRIGGERS, checks):
        cursor.execute(query)
        for table, *part in cursor.fetchall():
            yield table, repr(part)


def _digested(parts):
    tables = {}
    for table, part in parts:
        tables.setdefault(table, []).append(part)
    return {
        table: hashlib.blake2b("\n".join(sorted(lines)).encode(), digest_size=16).hexdigest()
        for table, lines in tables.items()
    }


class Steps(Watcher):
    """Notes what each table is before and after every migration.

    ``before`` has the digests of all tables by migration, ``now`` those of the last look, and
    ``touched`` the tables that the last migration changed. ``told`` is for whoever runs the same
    plan elsewhere: the ``tables`` before it, and the ``changes`` of each migration.
    """

    def __init__(self, connection):
        self.connection = connection
        self.before = {}
        self.now = {}
        self.touched = set()
        self.told = {"tables": {}, "changes": []}

    def plan(self, apps):  # noqa: ARG002 - what every watcher takes
        """Look at the tables before the first migration."""
        with unheard(self.connection):
            self.now = self.told["tables"] = digests(self.connection)

    def end(self, migration):
        """Look at what the migration made of the tables."""
        with unheard(self.connection):
            found = digests(self.connection)
        self.before[migration.app_label, migration.name] = self.now
        changes = changes_between(self.now, found)
        self.touched = set(changes)
        self.told["changes"].append([migration.app_label, migration.name, changes])
        self.now = found
        return {}
