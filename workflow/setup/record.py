"""What ``setup`` wrote, kept in a file of the repository: so that it can take back exactly that.

All that it writes is new files and lines added to others. Of a new file the record holds a
digest, of lines the lines themselves.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from workflow.errors import UsageError
from workflow.setup.writing import Edit, NotReadable, line_end, read

NAME = ".migration-workflow.json"
SCHEMA = 1
ABOUT = "What `migration-workflow setup` wrote. `migration-workflow setup --undo` takes it back."


class Record(NamedTuple):
    """What was written. Paths are relative to the record's folder."""

    made: Mapping[str, str] = {}
    """New files, and the digest of each."""
    added: Mapping[str, tuple[str, ...]] = {}
    """Files that lines were added to, and these lines."""
    folders: tuple[str, ...] = ()
    """New folders, outermost first."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return not self.made and not self.added


class Kept(NamedTuple):
    """What can't be taken back: somebody has changed it since."""

    path: str
    why: str


def read_record(folder: Path) -> Record:
    """Return the record of a folder; an empty one where there is none. Raises UsageError."""
    path = folder / NAME
    try:
        text = read(path)
        return Record() if text is None else _record(json.loads(text))
    except (NotReadable, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} is not as setup wrote it ({error}). Get it back from git, or remove it: "
            "what setup wrote then has to be removed by hand."
        ) from error


def _record(data: Any) -> Record:
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']}")
    added = {name: tuple(map(str, texts)) for name, texts in data["added"].items()}
    made = {str(name): str(digest) for name, digest in data["made"].items()}
    return Record(made, added, tuple(map(str, data["folders"])))


def recorded(record: Record, edits: Iterable[Edit], folder: Path) -> Record:
    """Return a record with edits added to it."""
    made, added = dict(record.made), dict(record.added)
    folders = list(record.folders)
    for edit in edits:
        name = os.path.relpath(edit.path, folder)
        folders += [new for new in _new_folders(edit.path, folder) if new not in folders]
        if edit.after is None:
            continue
        if edit.before is None:
            made[name] = digest(edit.after)
        else:
            added[name] = (*added.get(name, ()), *insertions(edit.before, edit.after))
    return Record(made, added, tuple(folders))


def as_edit(record: Record, folder: Path) -> Edit:
    """Return the edit that writes the record, or removes one that has nothing to say."""
    path = folder / NAME
    if record.is_empty:
        return Edit(path, read(path), None)
    data = {
        "about": ABOUT,
        "schema": SCHEMA,
        "made": dict(sorted(record.made.items())),
        "added": {name: list(texts) for name, texts in sorted(record.added.items())},
        "folders": list(record.folders),
    }
    return Edit(path, read(path), json.dumps(data, indent=2) + "\n")


def taken_back(record: Record, folder: Path) -> tuple[list[Edit], list[Kept]]:
    """Return what takes everything back, and what has to stay."""
    edits, kept = [], []
    for name, known in record.made.items():
        text = _read_or_none(folder / name)
        if text is not None and digest(text) == known:
            edits.append(Edit(folder / name, text, None))
        elif (folder / name).exists():
            kept.append(Kept(name, "it was changed since; remove it by hand"))
    for name, texts in record.added.items():
        text = _read_or_none(folder / name)
        if text is None:
            continue
        left, missing = _without(text, texts)
        if left != text:
            edits.append(Edit(folder / name, text, left))
        if missing:
            why = f"these lines of it were changed since; remove them by hand:\n{missing[0]}"
            kept.append(Kept(name, why))
    return edits, kept


def still_there(record: Record, kept: Iterable[Kept]) -> Record:
    """Return what a record holds once all but the given was taken back."""
    names = {one.path for one in kept}
    return Record(
        {name: known for name, known in record.made.items() if name in names},
        {name: texts for name, texts in record.added.items() if name in names},
        record.folders if names else (),
    )


def digest(text: str) -> str:
    """Return the digest of a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _new_folders(path: Path, folder: Path) -> Iterator[str]:
    for parent in reversed(path.parents):
        if not parent.exists():
            yield os.path.relpath(parent, folder)


def insertions(before: str, after: str) -> Iterator[str]:
    """Yield the lines that were put into a text, each piece as it stands there now."""
    # A last line without an end gets one with what follows it, and is no line of ours for that.
    is_open = bool(before) and not before.endswith("\n") and after.endswith("\n")
    end = line_end(after) if is_open else ""
    left = (before + end).splitlines(keepends=True)[::-1]
    piece: list[str] = []
    for line in after.splitlines(keepends=True):
        if left and line == left[-1]:
            if piece:
                yield "".join(piece)
                piece = []
            left.pop()
        else:
            piece.append(line)
    if piece:
        yield end + "".join(piece)


def _without(text: str, pieces: Iterable[str]) -> tuple[str, list[str]]:
    """Return a text without the pieces, and those that are not in it as they were."""
    missing = []
    for piece in pieces:
        if text.count(piece) == 1:
            text = text.replace(piece, "")
        else:
            missing.append(piece)
    return text, missing


def _read_or_none(path: Path) -> str | None:
    try:
        return read(path)
    except NotReadable:
        return None
