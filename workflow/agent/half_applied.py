"""Which statements of a migration are in the database to stay, should it fail in the middle."""

import re
import sys

from _migration_workflow_agent.channel import hide
from _migration_workflow_agent.migrating import Watcher

READING = re.compile(r"\s*(SELECT|SHOW|PRAGMA|EXPLAIN|SET|SAVEPOINT|RELEASE)\b", re.IGNORECASE)
COMMITTING = re.compile(r"\s*(CREATE|ALTER|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE)
"""What ends a transaction of MySQL before it begins
(https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/)."""

LENGTH = 500


class Kept(Watcher):
    """Notes the statements of the migration under way that no rollback takes back."""

    def __init__(self):
        self._migration = None
        self._kept = []
        self._open = []

    def begin(self, migration):
        """Forget those of the migration before."""
        self._migration, self._kept, self._open = migration, [], []

    def statement(self, execute, sql, params, many, context):
        """Note a statement once it is executed."""
        result = execute(sql, params, many, context)
        text, connection = str(sql), context["connection"]
        if self._migration is not None and not READING.match(text):
            self._note(connection, (self._operation(), hide(text)[:LENGTH]), text)
        return result

    def end(self, migration):  # noqa: ARG002 - what watchers take
        """It is applied, and recorded."""
        self._migration = None
        return {}

    def _note(self, connection, noted, text):
        commits = connection.vendor == "mysql" and COMMITTING.match(text)
        if connection.in_atomic_block and not commits:
            self._open.append(noted)
            return
        if commits:
            self._kept += self._open
        self._open = []
        self._kept.append(noted)

    def _operation(self):
        """Return the index of the operation that executes a statement, if one does."""
        frame = sys._getframe(2)
        while frame is not None:
            names = frame.f_locals if frame.f_code.co_name in {"apply", "unapply"} else {}
            if names.get("self") is self._migration and "operation" in names:
                return self._migration.operations.index(names["operation"])
            frame = frame.f_back
        return None

    def half(self, error, connection):
        """Return what is in the database of a migration that failed, where it was cut in two."""
        migration, under_way = error.migration, error.operation
        if migration.atomic and connection.features.can_rollback_ddl:
            return None
        described = [operation.describe() for operation in migration.operations]
        statements = [text for operation, text in self._kept if operation == under_way]
        return {
            "operations": described[:under_way],
            "under_way": None if under_way is None else described[under_way],
            "statements": len(statements),
            "done": [text for _, text in self._kept],
        }
