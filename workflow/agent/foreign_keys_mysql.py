"""Knows which other tables a change of a table reaches through foreign keys, on MariaDB and MySQL.

It can't be read while a migration runs. MariaDB's plugin ``metadata_lock_info`` is for whoever may
install it, its ``performance_schema`` is off unless the server was started with it, and neither
shows more than a lock that is held at that moment. So it is inferred from what MariaDB 10.11 was
measured to do, which tests measure again, by waiting and with that plugin:

- Whoever writes to a table also takes ``MDL_SHARED_READ`` on each table that refers to it, until
  the transaction is over; whoever reads does not. So a change of a child waits for those who wrote
  to a parent, and who wants to write there waits behind it. While the child is copied or its index
  built, they don't: only the ``MDL_EXCLUSIVE`` at the ends keeps them out.
- A change of a parent ends with InnoDB's lock ``X`` on every child, for a moment; it waits for
  whoever has rows of a child locked, and nobody can read the parent meanwhile. What changes columns
  and leaves their types, order and NULLs as they were takes none, such as MODIFY with another
  default or comment; whether it does is seen when it has been run.
- A new foreign key takes ``MDL_SHARED_NO_WRITE`` on its parent, for as long as the statement takes.
  In ``CREATE TABLE`` it takes nothing.
"""

import re

from _migration_workflow_agent.migrating import unheard
from _migration_workflow_agent.watching import NAME, named

OF_CHILD = "MDL_EXCLUSIVE of a child"
"""On a parent: nobody can write to it while a table that refers to it is locked."""

OF_PARENT = "InnoDB X"
"""On a child of what is changed: nobody can write to it."""

REFERRED = "MDL_SHARED_NO_WRITE"
"""On the table that a new foreign key leads to."""

KEYS = """
    SELECT table_name, referenced_table_name, delete_rule, update_rule
    FROM information_schema.referential_constraints
    WHERE constraint_schema = DATABASE() AND unique_constraint_schema = DATABASE()
"""
REFERS = re.compile(rf"\bREFERENCES\s+{NAME}", re.IGNORECASE)
CHANGES_KEYS = re.compile(
    r"\b(?:FOREIGN|REFERENCES|CONSTRAINT|RENAME|DROP\s+TABLE)\b", re.IGNORECASE
)
COLUMNS = """
    SELECT column_name, ordinal_position, column_type, is_nullable, collation_name, extra,
        generation_expression
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s
"""
ALTER = re.compile(rf"\s*ALTER\s+TABLE\s+{NAME}", re.IGNORECASE)
ENCLOSED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|\([^()'\"`]*\)", re.DOTALL)
"""A text, a quoted name, or the innermost parentheses: no comma in it parts two changes."""

OF_COLUMN = re.compile(
    r"\s*(?:(?:MODIFY|CHANGE)\b(?!.*\b(?:UNIQUE|KEY|REFERENCES)\b)"
    r"|ALTER\b.*\b(?:SET|DROP)\s+DEFAULT\b|ALGORITHM\s*=(?!\s*COPY\b)|LOCK\s*=)",
    re.IGNORECASE | re.DOTALL,
)
"""A change of one column as it is, or how that is to be done."""

CASCADES = {"CASCADE", "SET NULL"}


class ForeignKeys:
    """The foreign keys of a database, read again after a statement that may have changed them."""

    def __init__(self, connection):
        self.connection = connection
        self._keys = None

    def saw(self, statement):
        """Take note of a statement that was run: it may have changed them."""
        if CHANGES_KEYS.search(statement):
            self.forget()

    def forget(self):
        """Read them again when they are asked for."""
        self._keys = None

    def reach(self, table, statement):
        """Return what tells, once a statement that changes ``table`` has been run, what it reached.

        That are the modes of what it takes on others, by name. To be asked before it is run.
        """
        keys = self._read()
        modes = dict.fromkeys(_written_with(table, keys), OF_CHILD)
        children = {child for child, parent, *_ in keys if parent == table}
        columns = self._columns(table) if children and _is_of_columns(statement) else None

        def reached():
            if columns is None or columns != self._columns(table):
                modes.update(dict.fromkeys(children, OF_PARENT))
            modes.update((named(found), REFERRED) for found in REFERS.finditer(statement))
            modes.pop(table, None)
            return modes

        return reached

    def _columns(self, table):
        with unheard(self.connection), self.connection.cursor() as cursor:
            cursor.execute(COLUMNS, [table])
            return sorted(cursor.fetchall())

    def _read(self):
        if self._keys is None:
            with unheard(self.connection), self.connection.cursor() as cursor:
                cursor.execute(KEYS)
                self._keys = cursor.fetchall()
        return self._keys


def _is_of_columns(statement):
    """Say whether a statement changes nothing but columns that stay in the table."""
    before, enclosed = None, ALTER.sub("", statement, count=1)
    while before != enclosed:
        before, enclosed = enclosed, ENCLOSED.sub(" x ", enclosed)
    return all(map(OF_COLUMN.match, enclosed.split(",")))


def _written_with(table, keys):
    """Return the tables whose writers may write to ``table``'s rows or ask for them.

    These are its parents, and what those depend on by a key whose rule changes them in turn.
    """
    found, names = set(), [table]
    while names:
        name = names.pop()
        for child, parent, *rules in keys:
            reaches = name == table or not CASCADES.isdisjoint(rules)
            if child == name and reaches and parent not in found:
                found.add(parent)
                names.append(parent)
    return found
