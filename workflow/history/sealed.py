"""Plain data kept in a folder, that nobody else could have put there.

What is kept is sealed: its checksum is keyed with the identity of a file beside it (device,
inode and time of change), which a checkout or an archive cannot choose. Data that was copied,
restored or brought by a pull request does not fit its seal, and is not even parsed.
"""

# Paths are text here: pathlib costs ten times as much.
# ruff: noqa: PTH102, PTH105, PTH108, PTH112, PTH114, PTH118, PTH123

from __future__ import annotations

import contextlib
import marshal
import os
import stat
import sys
from typing import Any, Final

from workflow import __version__
from workflow.history.digests import blake2b

_MAGIC: Final = b"migration history\n"
_SEAL_BYTES: Final = 32
_HEAD: Final = len(_MAGIC) + _SEAL_BYTES
MAX_BYTES: Final = 512 * 1024 * 1024


def load(folder: str, name: str, stamp: object) -> dict[Any, Any]:
    """Return what is kept under a name; nothing where it is missing, broken or another's.

    ``stamp`` says what the data means: whoever reads must use the one that was written with.
    """
    try:
        with open(os.path.join(folder, f"{name}.cache"), "rb", opener=_no_follow) as file:
            data = file.read(MAX_BYTES)
        seal = _seal(folder, data[_HEAD:], name, stamp)
    except OSError:
        return {}
    if not data.startswith(_MAGIC) or data[len(_MAGIC) : _HEAD] != seal:
        return {}
    try:
        entries = marshal.loads(memoryview(data)[_HEAD:])  # noqa: S302 - sealed
    except (ValueError, TypeError, EOFError):
        return {}
    return entries if type(entries) is dict else {}


def store(folder: str, name: str, stamp: object, entries: dict[Any, Any]) -> None:
    """Keep data under a name. Raises OSError, and ValueError for what is no plain data."""
    payload = marshal.dumps(entries)
    _prepare(folder)
    data = _MAGIC + _seal(folder, payload, name, stamp) + payload
    temporary = os.path.join(folder, f"{name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        os.replace(temporary, os.path.join(folder, f"{name}.cache"))
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _no_follow(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _seal(folder: str, payload: bytes, name: str, stamp: object) -> bytes:
    """Return the checksum of the payload, bound to this very folder. Raises ``OSError``."""
    if os.path.islink(folder):
        raise OSError("a cache is not kept behind a link")
    status = os.lstat(os.path.join(folder, "history.seal"))
    if not stat.S_ISREG(status.st_mode):
        raise OSError("the seal is no file")
    identity = (status.st_dev, status.st_ino, status.st_ctime_ns)
    meaning = (name, stamp, __version__, sys.version, sys.implementation.cache_tag)
    key = blake2b(repr((identity, meaning)).encode(), digest_size=64).digest()
    return blake2b(payload, digest_size=_SEAL_BYTES, key=key).digest()


def _prepare(folder: str) -> None:
    """Make the folder and its seal; what is made here never gets into a commit."""
    if not os.path.isdir(folder):
        os.mkdir(folder)
        _create(os.path.join(folder, ".gitignore"), b"*\n")
    _create(os.path.join(folder, "history.seal"), b"")


def _create(path: str, content: bytes) -> None:
    with contextlib.suppress(FileExistsError), open(path, "xb") as file:
        file.write(content)
