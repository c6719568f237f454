"""Where scratch databases are made: the places that there are, the best first.

The configured server and no other; else the project's own, where its user may create databases;
else a server that is started for the run, from a wheel or of this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.databases.address import configured_address
from workflow.databases.programs import Programs, find_programs
from workflow.databases.server import Server
from workflow.errors import CouldNotCheck, UsageError

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.project.scratch import Scratch

Where = Mapping[str, Any]
"""What the agent is told of a place: ``server``, ``origin``, ``programs``, ``copy_megabytes``."""


class Target(NamedTuple):
    """The database that scratch databases are to be like: its engine, and the version.

    ``engine`` is ``postgresql``, ``mariadb``, ``mysql`` or ``sqlite``. ``is_within_reach``:
    whether the project's Python could connect to a server that is started on this host. A
    container could not.
    """

    engine: str
    version: str
    is_within_reach: bool
    packages: tuple[Path, ...] = ()

    @property
    def vendor(self) -> str:
        """What Django calls the engine."""
        return "mysql" if self.engine == "mariadb" else self.engine

    @property
    def major(self) -> str:
        """The part of the version that changes what it does: MariaDB's has two numbers."""
        return ".".join(self.version.split(".")[: 1 if self.engine == "postgresql" else 2])


class Databases:
    """The places for one flow. What was started for one question serves the next."""

    def __init__(self, settings: Settings, target: Target, scratch: Scratch) -> None:
        self._settings = settings
        self._target = target
        self._scratch = scratch
        self._started: dict[Programs, Server] = {}
        self.failures: list[str] = []
        """Why what could have been started was not."""

    def places(self) -> Iterator[Where]:
        """Yield each place when the one before it would not do. Raises UsageError."""
        if self._target.vendor == "sqlite":
            yield {}
            return
        for where in self._servers():
            yield {**where, "copy_megabytes": self._settings.copy_megabytes}

    def _servers(self) -> Iterator[Where]:
        vendor = self._target.vendor
        if (configured := self._settings.scratch_database) is not None:
            address = configured_address(configured, self._settings.variables)
            if address.vendor != vendor:
                raise UsageError(
                    f"'scratch-database' is {address.shown}, and the database is of {vendor}"
                )
            yield {"server": dict(address.settings), "origin": f"the configured {address.shown}"}
            return
        programs = self._programs()
        folders = [str(one.folder) for one in programs]
        yield {"programs": folders}
        for one in programs:
            try:
                server = self._start(one)
            except CouldNotCheck as error:
                self.failures.append(str(error))
                continue
            yield {"server": server.settings, "origin": one.origin, "programs": folders}

    def close(self) -> None:
        """End what was started."""
        while self._started:
            self._started.popitem()[1].end()

    def _programs(self) -> Sequence[Programs]:
        target = self._target
        if not target.is_within_reach:
            return ()
        return find_programs(target.engine, target.major, target.packages)

    def _start(self, programs: Programs) -> Server:
        if programs not in self._started:
            self.close()  # it would not do: there is one at a time
            self._started[programs] = Server(programs, self._scratch.folder)
        return self._started[programs]
