"""Fills in the time zones of a MariaDB or MySQL that was started for a run.

A new server knows none by name, and answers ``CONVERT_TZ`` with ``NULL``. Statements that add them
are written by a program that comes with it
(https://mariadb.com/kb/en/mariadb-tzinfo-to-sql/,
https://dev.mysql.com/doc/refman/8.4/en/mysql-tzinfo-to-sql.html).
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workflow.errors import CouldNotCheck
from workflow.project import process

PROGRAMS = ("mariadb-tzinfo-to-sql", "mysql_tzinfo_to_sql")
CLIENTS = ("mariadb", "mysql")

SAME_AGAIN = {"posix", "right"}
"""Folders that have every zone once more: two thirds of the work, under names that nobody uses."""

SECONDS = 60.0
"""How long one program may take. On a machine with nothing else to do it is half a second."""

MAGIC = b"TZif"
"""How the file of a zone begins (https://www.rfc-editor.org/rfc/rfc9636)."""


class Zones(NamedTuple):
    """The time zones of this machine, and the two programs that bring them to a server."""

    to_sql: Path
    client: Path
    source: Path

    def load(self, folder: Path, socket: Path) -> None:
        """Fill them in, with a folder to do it in. Raises CouldNotCheck."""
        links = folder / "zones"
        links.mkdir()
        for path in _zones_in(self.source):
            (links / path.name).symlink_to(path)
        statements = _output([str(self.to_sql), str(links)], folder)
        client = [str(self.client), "--no-defaults", "--user=root", f"--socket={socket}", "mysql"]
        _output(client, folder, told=statements.encode("utf-8", "surrogateescape"))


def source_of_zones() -> Path | None:
    """Return the folder of this machine's time zones, if it has one."""
    return next((Path(name) for name in zoneinfo.TZPATH if Path(name, "UTC").exists()), None)


def _zones_in(source: Path) -> Iterator[Path]:
    for path in source.iterdir():
        if path.is_dir():
            if path.name not in SAME_AGAIN:
                yield path
        elif path.is_file():
            with path.open("rb") as file:
                if file.read(len(MAGIC)) == MAGIC:
                    yield path


def _output(argv: list[str], folder: Path, told: bytes | None = None) -> str:
    done = process.run(argv, cwd=folder, told=told, seconds=SECONDS)
    if done.code != 0:
        raise CouldNotCheck(f"its time zones can't be filled in: {done.stderr}")
    return done.stdout
