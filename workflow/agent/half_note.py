"""Writes down what of a migration is in the database to stay, before anybody can be killed.

A kill leaves nobody to tell what a migration had done. Where the server can't take that back, a
note on disk says it: written before each statement that stays, removed once the migration is
recorded. The host reads it: see ``workflow/project/halves.py``.
"""

import contextlib
import json
import os

from _migration_workflow_agent.channel import hide
from _migration_workflow_agent.half_applied import COMMITTING, LENGTH, READING, Kept

LISTED = 20
"""How many statements a note lists, the last ones."""


def note_of(scratch, database):
    """Return the path of a database's note, in the tool's own folder in the project."""
    folder = os.path.dirname(os.path.dirname(scratch))
    return os.path.join(folder, f"half-applied-{database}.json")


class Noted(Kept):
    """Keeps a note of the migration under way, in a file."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self._migration_noted = None

    def begin(self, migration):
        """Forget the migration before."""
        super().begin(migration)
        self._migration_noted = None

    def statement(self, execute, sql, params, many, context):
        """Note a statement that stays before it is executed: a change of rows once an operation."""
        text = str(sql)
        if self._migration is not None and self._stays(context["connection"], text):
            self._write(text)
        return super().statement(execute, sql, params, many, context)

    def end(self, migration):
        """It is recorded: there is nothing to say of it."""
        self._forget()
        return super().end(migration)

    def half(self, error, connection):
        """Forget what has left nothing behind; note of anything else how far it had come."""
        half = super().half(error, connection)
        if half is None or not (half["operations"] or half["done"]):
            self._forget()
        elif self._migration_noted is not None:
            rest = f"the rest of {half['under_way']}" if half["under_way"] else "its last part"
            self._put(error.migration, half["operations"], half["done"][-LISTED:], rest)
        return half

    def _forget(self):
        if self._migration_noted is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            self._migration_noted = None

    def _stays(self, connection, text):
        if connection.vendor == "sqlite" or READING.match(text):
            return False
        return self.stays(connection, text)

    def _write(self, text):
        migration, operation = self._migration, self._operation()
        if not COMMITTING.match(text) and self._migration_noted == (migration, operation):
            return
        self._migration_noted = (migration, operation)
        operations = [one.describe() for one in migration.operations[:operation]]
        done = [done for _, done in self._kept][-LISTED:]
        self._put(migration, operations, done, hide(text)[:LENGTH])

    def _put(self, migration, operations, done, under_way):
        note = {
            "app": migration.app_label,
            "migration": migration.name,
            "operations": operations,
            "done": done,
            "under_way": under_way,
        }
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(note, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)
