"""What was read before, so that it need not be parsed again.

The cache changes nothing but the time. A file's row is taken from it only where the bytes
that were read from disk *just now*, and those of all other files that its row depends on,
have the digest that they had when the row was made. Modification times are trusted nowhere.

A cache that somebody else made, for instance one that came with a pull request, could hold
false rows. So the whole is sealed: its checksum is keyed with the identity of a file beside it
(device, inode and time of change), which a checkout or an archive cannot choose. A copied,
restored or foreign cache does not fit its seal and is thrown away. The content is plain
data; it is not even parsed before the seal is verified.
"""

# Paths are text here: pathlib costs ten times as much.
# ruff: noqa: PTH102, PTH105, PTH108, PTH112, PTH114, PTH118, PTH123

from __future__ import annotations

import contextlib
import marshal
import os
import stat
import sys
from typing import TYPE_CHECKING, Any, Final

from workflow import __version__
from workflow.history.digests import blake2b

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.history.raw import Raw

FORMAT: Final = 2
"""Changes whenever a row's shape or meaning changes."""

_MAGIC: Final = b"migration history\n"
_STAMP: Final = repr((FORMAT, __version__, sys.version, sys.implementation.cache_tag)).encode()
_SEAL_BYTES: Final = 32
MAX_BYTES: Final = 512 * 1024 * 1024

Key = tuple[str, str, str]
"""What it was read as, the file's path, and its digest."""


class Cache:
    """The rows of one run, and those of earlier runs. ``folder`` may be missing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = None if folder is None else os.fspath(folder)
        self._old: dict[Key, Raw] = _load(self.folder) if self.folder else {}
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
            _store(self.folder, {key: packed(entry) for key, entry in kept.items()})


def packed(entry: Raw) -> Raw:
    """Return the entry with a migration's body in one piece, to be unpacked where needed."""
    home, needs, row = entry
    if type(row) is tuple and type(row[1]) is tuple:
        row = (row[0], marshal.dumps(row[1]), row[2])
    return home, needs, row


def _load(folder: str) -> dict[Key, Any]:
    try:
        with open(os.path.join(folder, "history.cache"), "rb", opener=_no_follow) as file:
            data = file.read(MAX_BYTES)
        seal = _seal(folder, data[len(_MAGIC) + _SEAL_BYTES :])
    except OSError:
        return {}
    if not data.startswith(_MAGIC) or data[len(_MAGIC) : len(_MAGIC) + _SEAL_BYTES] != seal:
        return {}
    try:
        entries = marshal.loads(memoryview(data)[len(_MAGIC) + _SEAL_BYTES :])  # noqa: S302 - sealed
    except (ValueError, TypeError, EOFError):
        return {}
    return entries if type(entries) is dict else {}


def _no_follow(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _seal(folder: str, payload: bytes) -> bytes:
    """Return the checksum of the payload, bound to this very folder. Raises ``OSError``."""
    if os.path.islink(folder):
        raise OSError("a cache is not kept behind a link")
    status = os.lstat(os.path.join(folder, "history.seal"))
    if not stat.S_ISREG(status.st_mode):
        raise OSError("the seal is no file")
    identity = f"{status.st_dev}:{status.st_ino}:{status.st_ctime_ns}".encode()
    key = blake2b(identity + _STAMP, digest_size=64).digest()
    return blake2b(payload, digest_size=_SEAL_BYTES, key=key).digest()


def _store(folder: str, entries: dict[Key, Raw]) -> None:
    _prepare(folder)
    payload = marshal.dumps(entries)
    data = _MAGIC + _seal(folder, payload) + payload
    temporary = os.path.join(folder, f"history.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        os.replace(temporary, os.path.join(folder, "history.cache"))
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _prepare(folder: str) -> None:
    """Make the folder and its seal; what is made here never gets into a commit."""
    if not os.path.isdir(folder):
        os.mkdir(folder)
        _create(os.path.join(folder, ".gitignore"), b"*\n")
    _create(os.path.join(folder, "history.seal"), b"")


def _create(path: str, content: bytes) -> None:
    with contextlib.suppress(FileExistsError), open(path, "xb") as file:
        file.write(content)
