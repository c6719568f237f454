"""What a finding is about, so that it is known again after the files around it have changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from workflow.history.digests import digest_of
from workflow.history.model import MigrationKey
from workflow.history.plain import plain_operation
from workflow.waivers.baseline import Row

if TYPE_CHECKING:
    from workflow.history.model import History
    from workflow.outcome import Finding

DIGITS = 16
"""Hexadecimal digits of a digest: it tells apart what is found, it protects nothing."""


class Subjects:
    """Makes rows of findings. ``read`` returns a file of the project, and may raise OSError."""

    def __init__(self, history: History, read: Callable[[str], bytes]) -> None:
        self._history = history
        self._read = read
        self._lines: dict[str, list[bytes]] = {}

    def row(self, finding: Finding, reason: str) -> Row:
        """Return the row that accepts a finding."""
        return Row(
            finding.code,
            finding.app,
            finding.migration,
            finding.operation,
            None if finding.migration else finding.path,
            digest_of(repr(self._said_at(finding)).encode("utf-8", "surrogatepass"))[:DIGITS],
            reason,
        )

    def _said_at(self, finding: Finding) -> Any:
        """Return what stands at the place of a finding, whatever stands around it.

        That is what its operation says, or else the line that it points to. Where there is no
        file to point to, it is what was measured.
        """
        key = MigrationKey(finding.app or "", finding.migration or "")
        migration = self._history.migrations.get(key)
        index = finding.operation
        if migration is not None and index is not None and index < len(migration.operations):
            with suppress(ValueError):  # an integer too long to be written out
                return repr(plain_operation(migration.operations[index]))
        if finding.path is not None and finding.line is not None:
            return self._line(finding.path, finding.line)
        return "" if finding.migration else sorted(finding.data.items())

    def _line(self, path: str, number: int) -> bytes:
        """Return a line without its margin and its comment."""
        if path not in self._lines:
            self._lines[path] = []
            with suppress(OSError):
                self._lines[path] = self._read(path).splitlines()
        lines = self._lines[path]
        line = lines[number - 1] if 0 < number <= len(lines) else b""
        return line.partition(b"#")[0].strip()
