"""What was read before, so that it need not be parsed again.

The cache changes nothing but the time. A file's row is taken from it only where the bytes
that were read from disk *just now*, and those of all other files that its row depends on,
have the digest that they had when the row was made. Modification times are trusted nowhere.

A cache that somebody else made, for instance one that came with a pull request, could hold
false rows; so it is sealed, see :mod:`workflow.history.sealed`.
"""

from __future__ import annotations

import contextlib
import marshal
import os
from typing import TYPE_CHECKING, Final

from workflow.history import sealed

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.history.raw import Raw

FORMAT: Final = 2
"""Changes whenever a row's shape or meaning changes."""

NAME: Final = "history"

Key = tuple[str, str, str]
"""What it was read as, the file's path, and its digest."""


class Cache:
    """The rows of one run, and those of earlier runs. ``folder`` may be missing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = None if folder is None else os.fspath(folder)
        self._old: dict[Key, Raw] = sealed.load(self.folder, NAME, FORMAT) if self.folder else {}
        self._used: dict[Key, Raw] = {}
        self._changed = False

    def get(self, key: Key) -> Raw | None:
        """Return what is kept under this key, ``None`` where nothing is."""
        return self._old.get(key)

    def use(self, key: Key, entry: Raw) -> None:
        """Keep an entry, new or old, for the next run."""
        self._changed = self._changed or key not in self._old
        self._used[key] = entry

    def save(self) -> None:
        """Write the cache where there is something new; a failure is nobody's business."""
        if self.folder is None or not self._changed:
            return
        # Others of an earlier run are kept for a while: the next one may read another branch.
        spare = [(key, self._old[key]) for key in self._old if key not in self._used]
        kept = {**self._used, **dict(spare[: len(self._used)])}
        with contextlib.suppress(OSError, ValueError):
            sealed.store(
                self.folder, NAME, FORMAT, {key: packed(entry) for key, entry in kept.items()}
            )


def packed(entry: Raw) -> Raw:
    """Return the entry with a migration's body in one piece, to be unpacked where needed."""
    home, needs, row = entry
    if type(row) is tuple and type(row[1]) is tuple:
        row = (row[0], marshal.dumps(row[1]), row[2])
    return home, needs, row
