"""The project's files: on disk, overlaid by texts that are only in memory.

Paths are absolute text, for speed: a history has thousands of files.
"""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH100, PTH113, PTH118, PTH120

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from workflow.history.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_READ: Final = 8 * 1024 * 1024 + 1
"""Bytes read of one file at most: one more than what is too large to be parsed."""

_COOKIE: Final = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)


Text = str | bytes | None
"""What a file says that is only in memory; ``None`` for one that is not to be there."""


class Content(NamedTuple):
    """One file's bytes and their digest, or the operating system's reason for having none."""

    data: bytes
    digest: str
    error: str | None = None


class Entry(NamedTuple):
    """One name in a folder."""

    name: str
    is_dir: bool
    is_link: bool = False


class Files:
    """Reads files and lists folders, each file at most once."""

    def __init__(self, project: Path, overlay: Mapping[Path, Text] | None = None) -> None:
        self.project = os.path.abspath(project)
        self.unreadable: dict[str, str] = {}
        self._contents: dict[str, Content | None] = {}
        self._added: dict[str, dict[str, Entry | None]] = {}
        for path, text in (overlay or {}).items():
            self._overlay(os.path.normpath(os.path.join(self.project, path)), text)

    def _overlay(self, path: str, text: Text) -> None:
        data = encode(text) if isinstance(text, str) else text
        self._contents[path] = None if data is None else _content(data)
        folder, name = os.path.split(path)
        entry = None if text is None else Entry(name, is_dir=False)
        self._added.setdefault(folder, {})[name] = entry
        while text is not None and folder != self.project and os.path.dirname(folder) != folder:
            folder, name = os.path.split(folder)
            self._added.setdefault(folder, {}).setdefault(name, Entry(name, is_dir=True))

    def read(self, path: str) -> Content | None:
        """Return a file's content, ``None`` where there is no such file."""
        if path not in self._contents:
            self._contents[path] = _read(path)
        return self._contents[path]

    def is_file(self, path: str) -> bool:
        """Return whether there is such a file."""
        if path in self._contents:
            return self._contents[path] is not None
        return os.path.isfile(path)

    def entries(self, folder: str) -> list[Entry]:
        """Return what is in a folder, sorted by name; nothing where it cannot be listed."""
        found = {entry.name: entry for entry in self._scan(folder)}
        for name, entry in self._added.get(folder, {}).items():
            if entry is None:
                found.pop(name, None)
            elif name not in found or not entry.is_dir:
                found[name] = entry
        return sorted(found.values())

    def _scan(self, folder: str) -> Iterator[Entry]:
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    yield Entry(entry.name, _is_dir(entry), entry.is_symlink())
        except FileNotFoundError:
            return
        except OSError as error:
            self.unreadable[folder] = error.strerror or str(error)

    def relative(self, path: str) -> str:
        """Return the path as findings show it: relative to the project, with ``/``."""
        if path == self.project:
            return "."
        prefix = self.project if self.project.endswith(os.sep) else self.project + os.sep
        return path.removeprefix(prefix).replace(os.sep, "/")


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def encode(text: str) -> bytes:
    """Return the bytes of a source text, in the encoding that it declares."""
    for line in text.split("\n", 2)[:2]:
        cookie = _COOKIE.match(line)
        if cookie:
            try:
                return text.encode(cookie[1])
            except (LookupError, UnicodeError):
                break
    return text.encode("utf-8", "surrogatepass")


def _content(data: bytes) -> Content:
    return Content(data, digest_of(data))


def _read(path: str) -> Content | None:
    try:
        # Without O_NONBLOCK, opening a pipe that lies there would wait for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        return Content(b"", "", getattr(error, "strerror", None) or str(error))
    try:
        return _read_open(handle)
    except OSError as error:
        return Content(b"", "", error.strerror or str(error))
    finally:
        os.close(handle)


def _read_open(handle: int) -> Content:
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        return Content(b"", "", "not a regular file")
    data = os.read(handle, min(status.st_size + 1, MAX_READ))
    while len(data) < MAX_READ:
        more = os.read(handle, MAX_READ - len(data))
        if not more:
            break
        data += more
    return _content(data)
