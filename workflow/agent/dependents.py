"""What stands and falls with the tables of a migration, as PostgreSQL's catalog tells it.

Django drops tables and columns with CASCADE, and the server then drops with them whatever
depends on them, whoever made it. What a migration made itself is looked up in its own
transaction, before others can see its tables; what is there later besides is somebody else's.
"""

import contextlib
from collections import Counter, namedtuple

from _migration_workflow_agent.migrating import Watcher, around_commits, unheard
from django.db import DatabaseError

DEPENDENTS = """
    WITH RECURSIVE dependents (root, classid, objid, objsubid) AS (
        SELECT c.oid, 'pg_class'::regclass::oid, c.oid, 0
        FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND l.granted
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND c.relkind IN ('r', 'p') AND c.relnamespace <> 'pg_catalog'::regnamespace
        UNION
        SELECT o.root, more.* FROM dependents o CROSS JOIN LATERAL (
            SELECT d.classid, d.objid, d.objsubid FROM pg_depend d
            WHERE d.refclassid = o.classid AND d.refobjid = o.objid
                AND o.objsubid IN (0, d.refobjsubid)
            UNION ALL
            SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_depend d
            WHERE d.classid = o.classid AND d.objid = o.objid AND d.objsubid = o.objsubid
                AND d.deptype = 'i'
            UNION ALL
            SELECT o.classid, a.attrelid, a.attnum FROM pg_attribute a
            WHERE a.attrelid = o.objid AND o.objid = o.root AND o.objsubid = 0
                AND o.classid = 'pg_class'::regclass AND a.attnum > 0 AND NOT a.attisdropped
        ) more
    )
    SELECT o.classid, o.objid, o.objsubid, o.root::regclass::text,
        CASE WHEN c.oid = o.root AND o.objsubid = 0 THEN 'privileges of ' ELSE '' END
            || pg_describe_object(o.classid, o.objid, o.objsubid),
        CASE
            WHEN a.attnum IS NOT NULL THEN concat_ws(' ', c.oid::regclass, 'column', a.attname,
                format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                pg_get_expr(e.adbin, e.adrelid), a.attacl)
            WHEN c.relkind IN ('i', 'I') THEN
                regexp_replace(pg_get_indexdef(c.oid), 'INDEX .* ON ', 'INDEX ON ')
            WHEN c.relkind IN ('r', 'p') THEN
                concat_ws(' ', c.oid::regclass, c.relrowsecurity, c.relacl)
            WHEN n.oid IS NOT NULL THEN
                concat_ws(' ', n.conrelid::regclass, pg_get_constraintdef(n.oid))
            WHEN o.classid = 'pg_trigger'::regclass THEN pg_get_triggerdef(o.objid)
            ELSE pg_describe_object(o.classid, o.objid, o.objsubid)
        END
    FROM dependents o
    LEFT JOIN LATERAL (SELECT * FROM pg_class
        WHERE o.classid = 'pg_class'::regclass AND oid = o.objid LIMIT 1) c ON true
    LEFT JOIN LATERAL (SELECT * FROM pg_attribute
        WHERE attrelid = c.oid AND attnum = o.objsubid AND attnum > 0 LIMIT 1) a ON true
    LEFT JOIN LATERAL (SELECT * FROM pg_attrdef
        WHERE adrelid = a.attrelid AND adnum = a.attnum LIMIT 1) e ON true
    LEFT JOIN LATERAL (SELECT * FROM pg_constraint
        WHERE o.classid = 'pg_constraint'::regclass AND oid = o.objid LIMIT 1) n ON true
    LEFT JOIN LATERAL (SELECT 1 AS inner_working FROM pg_depend
        WHERE classid = o.classid AND objid = o.objid AND objsubid = o.objsubid
            AND deptype = 'i' AND a.attnum IS NULL LIMIT 1) i ON true
    WHERE c.relnamespace IS DISTINCT FROM 'pg_toast'::regnamespace
        AND n.contype IS DISTINCT FROM 'n' AND i.inner_working IS NULL
    ORDER BY o.objid, o.objsubid, o.root = o.objid DESC
"""
"""What would go with the tables that this transaction keeps others out of, and their privileges.

So are tables that it made, and those to which it added a column or will take one from.

``pg_depend`` has a row for each thing that depends on another
(https://www.postgresql.org/docs/current/catalog-pg-depend.html). What depends on it as a part of
its inner workings (``i``) goes only together with it, so it is that which is told: the view for
its rule, the constraint for its index and triggers, the column for its sequence.

A definition has no names that are made up for indexes and constraints: what the way back of a
later migration has made again has others. With a limit each join is a look into an index: there
are few dependents, and many objects.
"""

Dependent = namedtuple("Dependent", "table description definition")  # noqa: PYI024 - no types here


def dependents(connection):
    """Return what depends on the tables that the transaction has to itself, by its identity."""
    with unheard(connection), connection.cursor() as cursor:
        cursor.execute(DEPENDENTS)
        return {tuple(row[:3]): Dependent(*row[3:]) for row in cursor.fetchall()}


def strangers(gone, known):
    """Yield those of the ``gone`` dependents of which there are more than were ``known`` before.

    ``known`` counts the definitions. Of several that are alike, those that were made last are
    strange.
    """
    left = Counter(known)
    for dependent in gone:
        left[dependent.definition] -= 1
        if left[dependent.definition] < 0:
            yield dependent


class AtCommit(Watcher):
    """Notes for each migration that is one transaction what depends on its tables in the end.

    ``definitions`` counts what is alike, by the key of the migration. One for which that could
    not be looked up is missing.
    """

    def __init__(self, connection):
        self.connection = connection
        self.definitions = {}
        self._migration = None

    def begin(self, migration):
        """Wait for the commit of a migration."""
        self._migration = migration if migration.atomic else None

    @contextlib.contextmanager
    def looking(self):
        """Look before the first commit of each migration in this block, which is its own."""
        if self.connection.vendor != "postgresql":
            yield
            return
        with around_commits(self.connection, self._look_and_commit):
            yield

    def _look_and_commit(self, commit):
        migration, self._migration = self._migration, None
        if migration is not None:
            self._look((migration.app_label, migration.name))
        commit()

    def _look(self, key):
        """Look. Whatever comes of that, the migration is committed."""
        self.definitions.pop(key, None)
        with unheard(self.connection), self.connection.cursor() as cursor:
            cursor.execute("SAVEPOINT looking")
            try:
                found = dependents(self.connection)
            except DatabaseError:
                cursor.execute("ROLLBACK TO SAVEPOINT looking")
            else:
                self.definitions[key] = Counter(one.definition for one in found.values())
