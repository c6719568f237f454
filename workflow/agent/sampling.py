"""Takes some rows of each table of a large database, with all the rows that they refer to.

So the foreign keys of the sample hold. The rows are the oldest and the newest of each table: those
are the ones that an index leads to, and between which conventions changed.
"""

from collections import namedtuple

ROWS = 2000
"""How many rows are taken of each table, before those that others refer to."""

HISTORY = "django_migrations"
"""The table that is taken whole: a sample of what is recorded would be another history."""

AT_ONCE = 1000

Row = namedtuple("Row", "content values")  # noqa: PYI024 - it carries no annotations here
"""A row as it is read and written, and what its columns hold that foreign keys are about."""

Reference = namedtuple("Reference", "table columns parent parent_columns")  # noqa: PYI024
"""A foreign key: columns of a table, and those of the table that they refer to."""


def sample(source):
    """Return the rows of each table. ``source`` reads one vendor's database, in one snapshot."""
    taken = {table: {} for table in source.tables}
    fresh = {table: source.some(table) for table in source.tables}
    while fresh:
        for table, rows in fresh.items():
            taken[table].update((row.content, row) for row in rows)
        fresh = {}
        for (parent, columns), keys in _referred_to(source, taken).items():
            missing = keys - {_key(row, columns) for row in taken[parent].values()}
            rows = _found(source, parent, columns, sorted(missing))
            if rows:
                fresh.setdefault(parent, []).extend(rows)
    return {table: list(rows.values()) for table, rows in taken.items()}


def chunks(rows):
    """Yield a list in parts that fit into one statement."""
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def _referred_to(source, taken):
    """Return the keys that the rows refer to, by table and columns."""
    wanted = {}
    for reference in source.references:
        keys = {_key(row, reference.columns) for row in taken[reference.table].values()}
        place = wanted.setdefault((reference.parent, reference.parent_columns), set())
        place.update(key for key in keys if None not in key)
    return wanted


def _found(source, table, columns, keys):
    return [row for part in chunks(keys) for row in source.by_key(table, columns, part)]


def _key(row, columns):
    return tuple(row.values[column] for column in columns)
