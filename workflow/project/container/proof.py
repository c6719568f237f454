"""The proof that both sides have one tree: tokens exchanged, and the migration files compared."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workflow.outcome import Finding, Severity
from workflow.project.cause import DEV

OURS = "from-host"
"""The host's file in the meeting folder. The container's has ``.there`` behind that."""

NAMED = 5

Seen = Mapping[str, Any]


class Proof:
    """One exchange of tokens. The meeting folder goes with the run, and the tokens with it."""

    def __init__(self, folder: Path, project: Path, service: str) -> None:
        self._path = folder / OURS
        self._token = os.urandom(16).hex()
        self._project = project
        self._service = service
        self._path.write_text(self._token, encoding="ascii")

    def check(self, seen: Seen, files: Sequence[str]) -> Iterator[Finding]:
        """Yield what the exchange shows to be wrong; the first cause alone."""
        for look in (self._check_access, self._check_tokens, self._check_owner):
            findings = list(look(seen))
            yield from findings
            if any(finding.severity is Severity.ERROR for finding in findings):
                return
        yield from self._check_files(seen, files)

    def forget(self) -> None:
        """Remove both tokens."""
        for path in (self._path, self._left_there):
            path.unlink(missing_ok=True)

    @property
    def _left_there(self) -> Path:
        return self._path.with_name(OURS + ".there")

    def _check_access(self, seen: Seen) -> Iterator[Finding]:
        """Yield where the user of the container may not touch what belongs to this tree's."""
        denied = {errno.EACCES, errno.EPERM}
        if denied & {seen["read"].get("number"), seen["wrote"].get("number")}:
            yield self._wrong_owner(seen, Severity.ERROR, "can't read or write here")

    def _check_tokens(self, seen: Seen) -> Iterator[Finding]:
        if seen["read"].get("value") != self._token:
            why = seen["read"].get("error", "it read something else")
            yield self._not_the_same(f"a file written here can't be read in the container ({why})")
        elif "error" in seen["wrote"]:
            why = seen["wrote"]["error"]
            yield self._not_the_same(f"a file can't be written in the container ({why})")
        elif _read(self._left_there) != seen["mine"]:
            yield self._not_the_same("a file written in the container can't be read here")

    def _not_the_same(self, what: str) -> Finding:
        return Finding(
            "ENV220",
            Severity.ERROR,
            f"The mount does not work, whatever the engine says: {what}. Changes do not pass "
            f"between {self._project} and the container of {self._service}.",
            f"Start the container anew: {DEV}. Where a program copies the files over "
            "(mutagen, docker-sync, compose watch), mount them instead.",
        )

    def _check_owner(self, seen: Seen) -> Iterator[Finding]:
        """Yield where files that are made there belong to another user than the tree does."""
        owner = self._project.stat()
        made = self._left_there.stat()
        if made.st_uid != owner.st_uid:
            yield self._wrong_owner(
                seen, Severity.WARNING, f"makes files that belong to user {made.st_uid}"
            )

    def _wrong_owner(self, seen: Seen, severity: Severity, what: str) -> Finding:
        owner = self._project.stat()
        line = f'user: "{owner.st_uid}:{owner.st_gid}"'
        return Finding(
            "ENV222",
            severity,
            f"The container of {self._service} runs as user {seen['user']} and {what}; the tree "
            f"belongs to user {owner.st_uid}. What its commands leave behind can't be edited, "
            "or can't be read there.",
            f"Add to the service {self._service} in the Compose file: {line}, then run: {DEV}",
            data={"user_there": seen["user"], "user_here": owner.st_uid},
        )

    def _check_files(self, seen: Seen, files: Sequence[str]) -> Iterator[Finding]:
        differing = [*_differing(self._project, seen, files), *_additional(self._project, seen)]
        if differing:
            more = f" and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
            yield Finding(
                "ENV221",
                Severity.ERROR,
                f"{len(differing)} migration files differ between this tree and the container of "
                f"{self._service}: {', '.join(differing[:NAMED])}{more}. What is checked here is "
                "not what runs there.",
                f"Look for a volume over these folders, or a program that copies files. Then "
                f"run: {DEV}",
                data={"files": differing},
            )


def _differing(project: Path, seen: Seen, files: Sequence[str]) -> Iterator[str]:
    for name in files:
        if seen["digests"][name].get("value") != _digest(project / name):
            yield name


def _additional(project: Path, seen: Seen) -> Iterator[str]:
    """Yield the files that only the container has."""
    for folder, names in seen["names"].items():
        here = {path.name for path in (project / folder).glob("*.py")}
        for name in sorted(set(names.get("value", ())) - here):
            yield f"{folder}/{name}"


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
