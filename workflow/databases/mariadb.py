"""The programs of a MariaDB or a MySQL on this machine, and how they start.

The two are no stand-ins for each other. Each fills a new data directory its own way:
https://mariadb.com/kb/en/mariadb-install-db/,
https://dev.mysql.com/doc/refman/8.4/en/data-directory-initialization.html
"""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.databases.zones import CLIENTS, PROGRAMS, Zones, source_of_zones
from workflow.errors import CouldNotCheck
from workflow.project import process

if TYPE_CHECKING:
    from workflow.project.process import Child

SYSTEMS = (
    "usr/sbin",
    "usr/libexec",
    "usr/bin",
    "usr/local/mysql/bin",
    "opt/homebrew/opt/mariadb*/bin",
    "opt/homebrew/opt/mysql*/bin",
    "usr/local/opt/mariadb*/bin",
    "usr/local/opt/mysql*/bin",
)
"""Where systems keep the server, which is seldom on the path."""

SERVERS = ("mariadbd", "mysqld")
INSTALLERS = ("mariadb-install-db", "mysql_install_db")

ITS_PID, OUR_PID = "data/server.pid", "pid"
"""Where its process is told: by itself, which it does late, and by us when it was started."""

VERSION = re.compile(r"Ver (\d+\.\d+)")

SECONDS = 60.0
SAID_LINES = 3
"""How much of a server's log is told on."""


class MariaDB(NamedTuple):
    """The programs of one server. MySQL's has no ``installer``: it fills its folder itself.

    ``zones`` are the time zones that it is to know by name, if any.
    """

    server: Path
    installer: Path | None
    version: str
    origin: str
    zones: Zones | None = None

    @property
    def folder(self) -> Path:
        """The folder of the server, where its other programs may be, too."""
        return self.server.parent

    def start(self, folder: Path, before: Sequence[str]) -> Child:
        """Start a server in a folder; ``before`` stands before each command.

        Its temporary tables are there, too: a server that starts removes those of every other
        that shares the folder for them.
        """
        data, log = folder / "data", folder / "log"
        self._install(folder, before, data)
        path = folder / "socket"
        words = ["--skip-networking", f"--socket={path}", f"--pid-file={folder / ITS_PID}"]
        words.append(f"--tmpdir={folder}")
        if self.installer is None:
            words.append("--mysqlx=OFF")
        server = [str(self.server), "--no-defaults", f"--datadir={data}", *words]
        running = process.launch([*before, *server], cwd=folder, log=log)
        try:
            (folder / OUR_PID).write_text(f"{running.pid}\n", encoding="utf-8")
            self._wait(running, path, log)
            if self.zones is not None:
                self._load(self.zones, folder, path)
        except BaseException:
            running.kill()
            running.wait()
            raise
        return running

    def settings(self, folder: Path) -> dict[str, Any]:
        """Return how Django connects to it."""
        return {"HOST": str(folder / "socket"), "USER": "root", "NAME": ""}

    def _install(self, folder: Path, before: Sequence[str], data: Path) -> None:
        if self.installer is None:
            argv = [str(self.server), "--no-defaults", "--initialize-insecure"]
        else:
            argv = [str(self.installer), "--no-defaults", "--skip-test-db"]
            argv.append("--auth-root-authentication-method=normal")
        argv += [f"--datadir={data}", f"--tmpdir={folder}"]
        done = process.run([*before, *argv], cwd=folder, seconds=SECONDS)
        if done.code != 0:
            raise self._not_started(done.stderr or done.stdout)

    def _load(self, known: Zones, folder: Path, path: Path) -> None:
        try:
            known.load(folder, path)
        except CouldNotCheck as error:
            raise self._not_started(str(error)) from error

    def _wait(self, running: Child, path: Path, log: Path) -> None:
        """Wait until it greets whoever connects."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            with suppress(OSError), socket.socket(socket.AF_UNIX) as one:
                one.settimeout(SECONDS)
                one.connect(str(path))
                if one.recv(1):
                    return
            if running.poll() is not None:
                raise self._not_started(log.read_text(encoding="utf-8", errors="replace"))
            time.sleep(0.02)
        raise self._not_started(f"no answer within {SECONDS:g} seconds")

    def _not_started(self, said: str) -> CouldNotCheck:
        told = " ".join(" ".join(said.splitlines()[-SAID_LINES:]).split())
        return CouldNotCheck(f"{self.origin} can't be started: {told[:300]}")


def find_mariadb(engine: str, like: str, *, with_zones: bool = False) -> list[MariaDB]:
    """Return every server of this kind that could run here: first those of the version ``like``.

    ``engine`` is ``mariadb`` or ``mysql``. Versions have two numbers. ``with_zones``: whether it
    is to know time zones by name; where that can't be had, its ``origin`` says so.
    """
    found: dict[Path, MariaDB] = {}
    for server in _servers():
        said = _said(server)
        version = VERSION.search(said)
        is_mariadb = "MariaDB" in said
        if version is None or is_mariadb != (engine == "mariadb"):
            continue
        installer = _program(server, INSTALLERS) if is_mariadb else None
        if installer is None and is_mariadb:
            continue
        name = "MariaDB" if is_mariadb else "MySQL"
        origin, known = f"the {name} of this machine", _zones(server) if with_zones else None
        if with_zones and known is None:
            origin += " (without time zones)"
        one = MariaDB(server, installer, version.group(1), origin, known)
        found.setdefault(server.resolve(), one)
    return sorted(found.values(), key=lambda one: one.version != like)


def _servers() -> Iterator[Path]:
    for name in SERVERS:
        if there := shutil.which(name):
            yield Path(there)
        for pattern in SYSTEMS:
            yield from sorted(Path("/").glob(f"{pattern}/{name}"), reverse=True)


def _zones(server: Path) -> Zones | None:
    source = source_of_zones()
    to_sql, client = _program(server, PROGRAMS), _program(server, CLIENTS)
    return Zones(to_sql, client, source) if to_sql and client and source else None


def _program(server: Path, names: Sequence[str]) -> Path | None:
    """Return a program that came with a server: beside it, in its tree, or on the path."""
    top = server.resolve().parent.parent
    for name in names:
        for folder in (server.resolve().parent, top / "bin", top / "scripts"):
            if (folder / name).exists():
                return folder / name
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def _said(server: Path) -> str:
    try:
        return process.run([str(server), "--no-defaults", "--version"], cwd=Path("/")).stdout
    except CouldNotCheck:
        return ""
