"""What was found before, so that an unchanged history need not be judged again.

Findings are taken from here only where everything that the rules could see is the same as it
was: the text of every migration and of what it was read with, the apps, the settings, and the
source of the rules themselves.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from workflow.history import sealed
from workflow.history.digests import digest_of
from workflow.outcome import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from workflow.history.model import History

NAME = "findings"
FORMAT = 2
"""Changes whenever a row's shape changes."""

KEPT = 8
"""How many histories are remembered: branches that somebody goes back and forth between."""


class Memory:
    """The findings of earlier runs, kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)
        self._rows: dict[str, Any] = sealed.load(self._folder, NAME, FORMAT)

    def get(self, digest: str) -> list[Finding] | None:
        """Return what was found in this very history, ``None`` where it was not judged yet."""
        rows = self._rows.get(digest)
        return None if rows is None else unpacked(rows)

    def keep(self, digest: str, findings: list[Finding]) -> None:
        """Remember findings; a failure is nobody's business."""
        rows = packed(findings)
        others = [(key, kept) for key, kept in self._rows.items() if key != digest]
        self._rows = {**dict(others[-(KEPT - 1) :]), digest: rows}
        with contextlib.suppress(OSError, ValueError):
            sealed.store(self._folder, NAME, FORMAT, self._rows)


def packed(findings: Iterable[Finding]) -> list[Any]:
    """Return findings as rows of plain data."""
    return [(item.code, item.severity.value, *_plain(item[2:])) for item in findings]


def unpacked(rows: Iterable[Any]) -> list[Finding]:
    """Return the findings of such rows."""
    return [Finding(code, Severity(weight), *rest) for code, weight, *rest in rows]


def _plain(value: Any) -> Any:
    """Return the value as the builtin types that can be stored."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple([_plain(item) for item in value])
    return value


def digest_of_history(history: History, vendor: str | None) -> str:
    """Return what changes whenever anything changes that a rule could see."""
    migrations = [
        (*migration.key, migration.path, migration.digest, migration.problem)
        for migration in history.migrations.values()
    ]
    seen = (
        migrations,
        list(history.apps.values()),
        history.collisions,
        history.unlabelled,
        sorted(history.unmigrated),
        history.problems,
        sorted(history.settings.items()),
        sorted(history.installed.items()),
        history.closed,
        vendor,
        _sources(),
    )
    return digest_of(repr(seen).encode("utf-8", "surrogatepass"))


def _sources() -> list[tuple[str, int, int]]:
    """Return name, size and time of the files that findings come from."""
    here = os.path.dirname(__file__)  # noqa: PTH120 - pathlib costs ten times as much
    return sorted(
        (entry.path, (status := entry.stat()).st_size, status.st_mtime_ns)
        for folder in (here, os.path.dirname(sealed.__file__))  # noqa: PTH120
        for entry in os.scandir(folder)
        if entry.name.endswith(".py")
    )
