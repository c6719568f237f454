"""Observes what each operation of a migration does to the tables that were there before it.

Each engine has its own watcher, which sees locks, rewrites, scans and rows as that engine shows
them. All of them note what they saw in one form: a row for each operation, in it one for each
relation that the operation touched.
"""

import functools
import re
import time

from _migration_workflow_agent.migrating import Watcher

DIRECTIONS = ("database_forwards", "database_backwards")
STATEMENT_LENGTH = 300
"""Longer statements are cut in the evidence."""

NAME = r"(?:`((?:[^`]|``)+)`|\"((?:[^\"]|\"\")+)\"|(\w+))"
CHANGES_ROWS = re.compile(
    r"\s*(?:WITH\b.*?\)\s*)?"
    r"(?:UPDATE(?:\s+(?:LOW_PRIORITY|IGNORE|OR\s+\w+))*"
    r"|DELETE(?:\s+(?:LOW_PRIORITY|QUICK|IGNORE))*\s+FROM"
    r"|(?:INSERT|REPLACE)(?:\s+(?:LOW_PRIORITY|HIGH_PRIORITY|IGNORE|OR\s+\w+))*\s+INTO)"
    rf"\s+{NAME}",
    re.IGNORECASE | re.DOTALL,
)
"""A statement of MariaDB, MySQL or SQLite that changes rows, and the table that it names."""


def watchers_of(connection):
    """Return what observes a rehearsal on this connection's engine."""
    if connection.vendor == "postgresql":
        from _migration_workflow_agent.watching_postgresql import PostgreSQLWatcher

        return (PostgreSQLWatcher(connection),)
    if connection.vendor == "mysql":
        from _migration_workflow_agent.watching_mysql import MySQLWatcher

        return (MySQLWatcher(connection),)
    if connection.vendor == "sqlite":
        from _migration_workflow_agent.watching_sqlite import SQLiteWatcher

        return (SQLiteWatcher(connection),)
    return ()


SIZES = {
    "postgresql": """
        SELECT CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname || '.' END || c.relname,
            c.reltuples::bigint, pg_total_relation_size(c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384
    """,
    "mysql": """
        SELECT table_name, table_rows, data_length + index_length
        FROM information_schema.tables WHERE table_schema = DATABASE()
    """,
}


def sizes(connection):
    """Return how many rows and bytes each table has, as its engine estimates: by name."""
    if connection.vendor not in SIZES:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(SIZES[connection.vendor])
        found = cursor.fetchall()
    connection.close()  # a database that somebody is connected to can't be a template
    return {name: {"rows": rows, "bytes": size} for name, rows, size in found}


class Touched:
    """What one operation did to one relation.

    ``statement`` took the lock, ``work`` is the one that rewrote or scanned the relation under
    it. ``seconds`` is how long the lock was held: from the statement that took it to the end of
    its transaction. ``observed`` says how: ``"read"`` within the transaction, ``"watched"`` from
    a second connection while the statement ran, ``"inferred"`` from the statement alone.
    ``algorithm``: with which one MariaDB or MySQL changed the table. ``locked_in`` and
    ``worked_in`` are the first and the last transaction of the migration, counted from 1, that
    took the lock and that rewrote, scanned or changed rows; ``None`` where none did. Of the
    ``rows`` that were changed, ``most_rows`` is how many were in one transaction, at most.
    ``worked_under`` is the strongest lock that was held while it was rewritten or scanned; the
    strongest of all may have been taken later, or in another transaction. ``materialized``: it is
    a view, so nobody writes to it.
    """

    def __init__(self, relation):
        self.relation = relation
        self.lock = None
        self.rewrite = False
        self.scan = False
        self.rows = 0
        self.most_rows = 0
        self.statement = None
        self.work = None
        self.taken = None
        self.seconds = 0.0
        self.observed = "read"
        self.algorithm = None
        self.locked_in = None
        self.worked_in = None
        self.worked_under = None
        self.materialized = False
        self._rows_in = (None, 0)

    def did(self, rewrite, scan, rows, statement, transaction=1):
        """Add what a statement did. A rewrite is more to name than a scan."""
        if (rewrite, scan) > (self.rewrite, self.scan):
            self.work = shown(statement)
        if rewrite or scan or rows:
            self.worked_in = [(self.worked_in or [transaction])[0], transaction]
        self.rewrite |= rewrite
        self.scan |= scan
        self.rows += rows
        latest, before = self._rows_in
        self._rows_in = (transaction, rows + (before if latest == transaction else 0))
        self.most_rows = max(self.most_rows, self._rows_in[1])

    def released(self, now):
        """Take note that the lock is free again, where one is held."""
        if self.taken is not None:
            self.seconds, self.taken = self.seconds + now - self.taken, None

    def described(self):
        """Return it as plain data."""
        return {
            "relation": self.relation,
            "lock": self.lock,
            "rewrite": self.rewrite,
            "scan": self.scan,
            "rows": self.rows,
            "most_rows": self.most_rows,
            "statement": self.statement,
            "work": self.work,
            "seconds": round(self.seconds, 6),
            "observed": self.observed,
            "locked_in": self.locked_in,
            "worked_in": self.worked_in,
            "worked_under": self.worked_under,
            **({"materialized": True} if self.materialized else {}),
            **({"algorithm": self.algorithm} if self.algorithm else {}),
        }


class Observed:
    """What one operation did: how long it took, with how many statements, to which relations."""

    def __init__(self, index, operation):
        self.index = index
        self.operation = operation
        self.seconds = 0.0
        self.statements = 0
        self.touched = {}

    def on(self, relation):
        """Return what was done to a relation, to be added to."""
        return self.touched.setdefault(relation, Touched(relation))

    def described(self):
        """Return it as plain data."""
        return {
            "operation": self.index,
            "kind": type(self.operation).__name__,
            "names": _names(self.operation),
            "seconds": round(self.seconds, 6),
            "statements": self.statements,
            "relations": [touched.described() for touched in self.touched.values()],
        }


class OperationWatcher(Watcher):
    """Knows which operation each statement belongs to, also where the editor deferred it.

    What Django itself does around the operations, such as to record the migration, belongs to
    none of them and is let through unseen.
    """

    RANK = ()
    """The modes of the engine's locks, the weakest first."""

    def __init__(self):
        self.observed = []
        self.transaction = 1
        self._under_way = None
        self._deferred = []

    def begin(self, migration):
        """Follow the operations of ``migration``."""
        self.observed = [Observed(*numbered) for numbered in enumerate(migration.operations)]
        self.transaction = 1
        self._under_way, self._deferred = None, []
        for observed in self.observed:
            self._follow(observed)

    def end(self, migration):
        """Return what each operation did, and the sum of it over the migration."""
        for operation in migration.operations:
            _unfollow(operation)
        return {**self._sums(), "operations": [one.described() for one in self.observed]}

    def statement(self, execute, sql, params, many, context):
        """Let a statement through, and see what it does where it is an operation's."""
        observed = self._under_way or self._deferrer(str(sql))
        if observed is None:
            return execute(sql, params, many, context)

        def run(text=sql):
            return execute(text, params, many, context)

        observed.statements += 1
        began = time.perf_counter()
        try:
            return self.see(observed, str(sql), params, run, context["cursor"])
        finally:
            if observed is not self._under_way:
                observed.seconds += time.perf_counter() - began

    def see(self, observed, statement, params, run, cursor):
        """Run a statement of an operation on ``cursor``, note what it did, return its result.

        ``run`` runs it, or another text in its place.
        """
        raise NotImplementedError

    def left(self, observed):
        """Take note that an operation is over; its transaction may still be open."""

    def locked(self, touched, mode, statement, began, observed="read"):
        """Note the lock that a statement took, and how that was seen, if it is the strongest."""
        if touched.lock is None or self.RANK.index(mode) > self.RANK.index(touched.lock):
            touched.lock, touched.taken = mode, began
            touched.statement = shown(statement)
            touched.locked_in = None
            touched.observed = observed
        if touched.lock == mode:
            touched.locked_in = [(touched.locked_in or [self.transaction])[0], self.transaction]

    def worked(self, touched, mode):
        """Note the lock under which a relation was rewritten or scanned, if it is the strongest."""
        known = touched.worked_under
        if known is None or self.RANK.index(mode) > self.RANK.index(known):
            touched.worked_under = mode

    def _follow(self, observed):
        operation = observed.operation
        _unfollow(operation)
        for name in DIRECTIONS:
            run = functools.partial(self._run, observed, getattr(operation, name))
            setattr(operation, name, run)

    def _run(self, observed, run, app_label, schema_editor, *states):
        known = len(schema_editor.deferred_sql)
        self._under_way = observed
        began = time.perf_counter()
        try:
            run(app_label, schema_editor, *states)
            self.left(observed)
        finally:
            observed.seconds += time.perf_counter() - began
            self._under_way = None
            new = schema_editor.deferred_sql[known:]
            self._deferred += [(statement, observed) for statement in new]

    def _deferrer(self, sql):
        """Return what deferred a statement. Its names may have changed since then."""
        for statement, observed in self._deferred:
            if str(statement) == sql:
                return observed
        return None

    def _sums(self):
        strongest, rewrites, scans = {}, set(), set()
        for touched in (one for observed in self.observed for one in observed.touched.values()):
            name, known = touched.relation, strongest.get(touched.relation)
            if touched.lock and (
                known is None or self.RANK.index(touched.lock) > self.RANK.index(known)
            ):
                strongest[name] = touched.lock
            rewrites |= {name} if touched.rewrite else set()
            scans |= {name} if touched.scan else set()
        return {
            "locks": [[name, mode] for name, mode in sorted(strongest.items())],
            "rewrites": sorted(rewrites),
            "scans": sorted(scans),
        }


def named(match):
    """Return the name that a pattern with one ``NAME`` in it found, if it did."""
    if match is None:
        return None
    backticks, quotes, plain = match.groups()
    if backticks:
        return backticks.replace("``", "`")
    return quotes.replace('""', '"') if quotes else plain


def shown(statement):
    """Return a statement on one line, cut where it is long."""
    line = " ".join(str(statement).split())
    return line if len(line) <= STATEMENT_LENGTH else line[: STATEMENT_LENGTH - 1] + "…"


def _names(operation):
    """Return what a person calls the parts of an operation: its model, field, index, constraint."""
    made = getattr(operation, "index", None) or getattr(operation, "constraint", None)
    model = getattr(operation, "model_name", None)
    named = {"model": model, "name": getattr(made, "name", None)}
    if model is not None and made is None:
        named["field"] = getattr(operation, "name", None)
    return {word: name for word, name in named.items() if name}


def _unfollow(operation):
    for name in DIRECTIONS:
        operation.__dict__.pop(name, None)
