"""What was applied when, by whom, and to which database: a file of JSON lines in the state folder.

An apply writes a line before its first statement and one after its last: where the second is
missing, it was killed. Each line is flushed to the disk before anything else happens. What a run
applied that was killed or interrupted, the journal does not know: the database does.
"""

from __future__ import annotations

import datetime
import getpass
import hashlib
import json
import os
import platform
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.history.comparing import fingerprint

if TYPE_CHECKING:
    from workflow.project.git import Git

NAME = "journal.jsonl"

KEPT = 1000
"""How many lines stay when there are twice as many."""

Line = Mapping[str, Any]


class Text(NamedTuple):
    """What a migration file was: a digest of its text, one of its meaning where that is sure."""

    digest: str
    meaning: str | None

    def is_same(self, other: Text) -> bool:
        """Say whether both do the same, as far as can be told: comments are no difference."""
        if self.digest == other.digest:
            return True
        return self.meaning is not None and self.meaning == other.meaning


class Record(NamedTuple):
    """What a migration file was in the last run that applied it, or may have."""

    text: Text
    is_sure: bool
    """Whether the run told that it applied it. Otherwise it was cut off, maybe before that."""


def text_of(data: bytes) -> Text:
    """Return what is kept of a migration file. How its lines end is left to the checkout."""
    data = data.replace(b"\r\n", b"\n")
    return Text(hashlib.sha256(data).hexdigest(), fingerprint(data))


class Journal:
    """The journal of one project."""

    def __init__(self, state_folder: Path) -> None:
        self.path = state_folder / NAME

    def begin(
        self, database: Line, git: Git, migrations: Sequence[Line], faked: str | None = None
    ) -> str:
        """Write down what is about to be applied, and return the name of this run.

        ``faked`` is the reason where it is only recorded as applied. Raises OSError where nothing
        can be written.
        """
        from workflow.project.scratch import make_state_folder

        make_state_folder(self.path.parent)
        self._shorten()
        run = uuid.uuid4().hex
        self._write(
            {
                "event": "begin",
                "run": run,
                "at": _now(),
                "user": _user(),
                "host": platform.node(),
                "commit": git.commit("HEAD"),
                "branch": git.branch,
                "dirty": bool(git.uncommitted()),
                "database": dict(database),
                "migrations": list(migrations),
                **({} if faked is None else {"faked": faked}),
            }
        )
        return run

    def end(
        self,
        run: str,
        outcome: str,
        evidence: Sequence[Line] | None,
        codes: Sequence[str],
        taken_back: Sequence[Sequence[str]] = (),
    ) -> None:
        """Write down how it ended. Raises OSError where nothing can be written.

        ``evidence`` has a row for each migration that stays applied, and is ``None`` where that
        is not known; ``taken_back`` has the keys of those that were applied and taken back.
        """
        parts = ("app", "migration", "seconds", "statements")
        applied = evidence and [{part: row[part] for part in parts} for row in evidence]
        self._write(
            {
                "event": "end",
                "run": run,
                "at": _now(),
                "outcome": outcome,
                "applied": applied,
                "taken_back": [{"app": app, "migration": name} for app, name in taken_back],
                "codes": list(codes),
            }
        )

    def applied(self, database: Line) -> dict[tuple[str, str], Record]:
        """Return what each migration file was when it was last applied to a database.

        Of a run that was cut off that is all it was to apply: ask for those that are recorded.
        """
        begun: dict[str, Line] = {}
        found: dict[tuple[str, str], Record] = {}
        lines = list(self._lines())
        told = {str(line.get("run")) for line in lines if line.get("applied") is not None}
        for line in lines:
            with suppress(KeyError, TypeError):  # a line that somebody wrote by hand
                if line["event"] == "begin" and line["database"] == database:
                    begun[line["run"]] = line
                    if line["run"] not in told:
                        found.update(_records(line["migrations"], is_sure=False))
                elif line["event"] == "end" and line["run"] in begun:
                    done = {(row["app"], row["migration"]) for row in line["applied"]}
                    rows = _records(begun[line["run"]]["migrations"], is_sure=True)
                    found.update((key, record) for key, record in rows if key in done)
        return found

    def _lines(self) -> Iterator[Line]:
        """Yield every line that can be read; the last one may have been cut off."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        for line in text.splitlines():
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    yield found

    def _write(self, line: Line) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, self._break(descriptor) + json.dumps(line).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _break(self, descriptor: int) -> bytes:
        """Return what ends a line that was cut off."""
        size = os.fstat(descriptor).st_size
        if size == 0:
            return b""
        with self.path.open("rb") as file:
            file.seek(size - 1)
            return b"" if file.read(1) == b"\n" else b"\n"

    def _shorten(self) -> None:
        """Keep the last lines of a journal that has grown long."""
        with suppress(FileNotFoundError):
            lines = self.path.read_bytes().splitlines(keepends=True)
            if len(lines) >= 2 * KEPT:
                shorter = self.path.with_suffix(".shorter")
                shorter.write_bytes(b"".join(lines[-KEPT:]))
                shorter.replace(self.path)


def _records(
    migrations: Sequence[Line], *, is_sure: bool
) -> Iterator[tuple[tuple[str, str], Record]]:
    """Yield the migrations of a run whose files are the project's own, with what those were."""
    for row in migrations:
        if row["digest"]:
            text = Text(row["digest"], row["meaning"])
            yield (row["app"], row["migration"]), Record(text, is_sure)


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may give us a number that has no name
        return str(os.getuid())
