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
  whoever has rows of a child locked, and nobody can read the parent meanwhile. A change of nothing
  but a default takes none.
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
DEFAULT_ALONE = re.compile(
    rf"\s*ALTER\s+TABLE\s+{NAME}\s+ALTER\s+(?:COLUMN\s+)?{NAME}\s+(?:SET|DROP)\s+DEFAULT\b[^,]*$",
    re.IGNORECASE,
)
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

    def reached(self, table, statement):
        """Return the modes of what a statement that changes ``table`` takes on others, by name.

        To be asked before the statement is run.
        """
        keys = self._read()
        modes = dict.fromkeys(_written_with(table, keys), OF_CHILD)
        if not DEFAULT_ALONE.match(statement):
            modes.update((child, OF_PARENT) for child, parent, *_ in keys if parent == table)
        modes.update((named(found), REFERRED) for found in REFERS.finditer(statement))
        modes.pop(table, None)
        return modes

    def _read(self):
        if self._keys is None:
            with unheard(self.connection), self.connection.cursor() as cursor:
                cursor.execute(KEYS)
                self._keys = cursor.fetchall()
        return self._keys


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
