"""Which statements of a migration are in the database to stay, should it fail in the middle."""

import re
import sys

from _migration_workflow_agent.channel import hide
from _migration_workflow_agent.migrating import Watcher
from _migration_workflow_agent.transaction_control import commands, ends_transaction, gives_up

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
        self._has_ended = False

    def begin(self, migration):
        """Forget those of the migration before."""
        self._migration, self._kept, self._open = migration, [], []
        self._has_ended = False

    def statement(self, execute, sql, params, many, context):
        """Note a statement once it is executed."""
        text, connection = str(sql), context["connection"]
        if self._migration is None or READING.match(text):
            return execute(sql, params, many, context)
        noted = (self._operation(), hide(text)[:LENGTH])
        try:
            result = execute(sql, params, many, context)
        except Exception:
            if len(commands(text)) > 1 and ends_transaction(text):
                operation, told = noted
                self._note(connection, (operation, f"{told} -- in part, perhaps"), text)
            raise
        self._note(connection, noted, text)
        return result

    def end(self, migration):  # noqa: ARG002 - what watchers take
        """It is applied, and recorded."""
        self._migration = None
        return {}

    def _note(self, connection, noted, text):
        if not self.stays(connection, text):
            self._open.append(noted)
            return
        self._has_ended = self._has_ended or ends_transaction(text)
        if gives_up(text):
            self._open = []
            return
        if connection.in_atomic_block:
            self._kept += self._open
        self._open = []
        self._kept.append(noted)

    def stays(self, connection, text):
        """Say whether no rollback takes back what a statement does.

        Where a text has ended Django's transaction, the drivers of servers open another one for
        what comes next; SQLite does not.
        """
        if connection.vendor == "mysql" and COMMITTING.match(text):
            return True
        ended = ends_transaction(text) or (self._has_ended and connection.vendor == "sqlite")
        return ended or not connection.in_atomic_block

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
            if not (self._has_ended and self._kept):
                return None
            under_way = self._kept[-1][0]  # what came after the end of the transaction is gone
        described = [operation.describe() for operation in migration.operations]
        statements = [text for operation, text in self._kept if operation == under_way]
        return {
            "operations": described[:under_way],
            "under_way": None if under_way is None else described[under_way],
            "statements": len(statements),
            "done": [text for _, text in self._kept],
        }
