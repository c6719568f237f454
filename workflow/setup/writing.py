"""What is to be written into a repository, and how it gets there: all of it or nothing."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from workflow.errors import CouldNotCheck


class ByHand(Exception):
    """A file has a form of its own: what is to be added to it is told, and not written.

    ``str(error)`` says why, for the middle of a sentence; ``lines`` are what is to be added.
    """

    def __init__(self, why: str, lines: str) -> None:
        super().__init__(why)
        self.lines = lines


class NotReadable(Exception):
    """A file can't be read as what it should be. ``str(error)`` says why."""


class Edit(NamedTuple):
    """One file as it is and as it would be. ``None`` is a file that is not there."""

    path: Path
    before: str | None
    after: str | None


def read(path: Path) -> str | None:
    """Return a file's text with its line endings, ``None`` where it is not there.

    Raises NotReadable.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise NotReadable("it is no UTF-8 text") from error
    except OSError as error:
        raise NotReadable(f"it can't be read: {error.strerror}") from error


def line_end(text: str | None) -> str:
    """Return how a text ends its lines."""
    return "\r\n" if text is not None and "\r\n" in text else "\n"


def appended(text: str | None, block: str) -> str:
    """Return a text with more lines at its end, in its own line endings."""
    end = line_end(text)
    before = text or ""
    if before and not before.endswith("\n"):
        before += end
    return before + block.replace("\n", end)


def is_writable(path: Path) -> bool:
    """Say whether a file may be changed, or made.

    One that is marked read-only is left alone, even by who could write it all the same.
    """
    if path.exists():
        return bool(path.stat().st_mode & 0o222) and os.access(path, os.W_OK)
    folder = next(parent for parent in path.parents if parent.exists())
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def show(edits: Iterable[Edit], base: Path) -> str:
    """Return edits as a diff, with paths relative to ``base``."""
    return "".join(line for edit in edits for line in _diff(edit, base)).rstrip("\n")


def _diff(edit: Edit, base: Path) -> Iterable[str]:
    name = os.path.relpath(edit.path, base)
    lines = difflib.unified_diff(
        _lines(edit.before),
        _lines(edit.after),
        "/dev/null" if edit.before is None else f"a/{name}",
        "/dev/null" if edit.after is None else f"b/{name}",
    )
    return (line if line.endswith("\n") else f"{line}\n" for line in lines)


def _lines(text: str | None) -> list[str]:
    return (text or "").replace("\r\n", "\n").splitlines(keepends=True)


def write_all(edits: Sequence[Edit]) -> list[Path]:
    """Write every edit, or none; return the folders that were made for it, outermost first.

    Raises CouldNotCheck where the disk refuses, or where a file is not what it was.
    """
    made: list[Path] = []
    done: list[Edit] = []
    try:
        for edit in edits:
            _expect_unchanged(edit)
            made += _make_folders(edit.path.parent)
            _put(edit.path, edit.after)
            done.append(edit)
    except BaseException as error:
        for edit in reversed(done):
            _put(edit.path, edit.before)
        for folder in reversed(made):
            folder.rmdir()
        if isinstance(error, OSError):
            raise CouldNotCheck(
                f"{error.filename} can't be written: {error.strerror}. Nothing was changed"
            ) from error
        raise
    return made


def _expect_unchanged(edit: Edit) -> None:
    with suppress(NotReadable):
        if read(edit.path) == edit.before:
            return
    raise CouldNotCheck(f"{edit.path} was changed by somebody else meanwhile. Run it again")


def _make_folders(folder: Path) -> list[Path]:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _put(path: Path, text: str | None) -> None:
    """Give a file its new content at once, or take it away; what it was is never half gone."""
    if text is None:
        path.unlink()
        return
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with beside.open("xb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
