"""Where scratch databases are made: the places that there are, the best first.

The configured server and no other; else the project's own, where its user may create databases;
else a server that is started for the run: from a wheel, of this machine, or in a container.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from workflow.databases.address import configured_address
from workflow.databases.programs import Programs, find_programs
from workflow.databases.server import Server
from workflow.errors import CouldNotCheck, UsageError
from workflow.project.cause import Cause

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.databases.container import Image
    from workflow.project.scratch import Scratch

Where = Mapping[str, Any]
"""What the agent is told of a place: ``server``, ``origin``, ``programs``, ``copy_megabytes``."""


class Target(NamedTuple):
    """The database that scratch databases are to be like: its engine, and the version.

    ``engine`` is ``postgresql``, ``mariadb``, ``mysql`` or ``sqlite``. ``networks`` are those of
    the container that the project's Python runs in, which could not connect to a server that is
    started on this host; ``None`` where it runs here. ``zones``: whether it was told of time zones,
    which a new MariaDB or MySQL is not.
    """

    engine: str
    version: str
    networks: tuple[str, ...] | None
    packages: tuple[Path, ...] = ()
    zones: bool = False

    @property
    def vendor(self) -> str:
        """What Django calls the engine."""
        return "mysql" if self.engine == "mariadb" else self.engine

    @property
    def major(self) -> str:
        """The part of the version that changes what it does: MariaDB's has two numbers."""
        return ".".join(self.version.split(".")[: 1 if self.engine == "postgresql" else 2])


class Running(Protocol):
    """A server that was started for the run."""

    @property
    def settings(self) -> dict[str, Any]:
        """How Django connects to it."""

    def end(self) -> None:
        """End it, and remove all that it held."""


class Databases:
    """The places for one flow. What was started for one question serves the next."""

    def __init__(self, settings: Settings, target: Target, scratch: Scratch) -> None:
        self._settings = settings
        self._target = target
        self._scratch = scratch
        self._started: dict[Programs | Image, Running] = {}
        self.failures: list[str] = []
        """Why what could have been started was not."""

    def places(self) -> Iterator[Where]:
        """Yield each place when the one before it would not do. Raises UsageError."""
        self.failures.clear()
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
        for source in self._sources(programs):
            try:
                server = self._start(source)
            except CouldNotCheck as error:
                self.failures.append(str(error))
                continue
            yield {"server": server.settings, "origin": source.origin, "programs": folders}

    def close(self) -> None:
        """End what was started."""
        while self._started:
            self._started.popitem()[1].end()

    def _programs(self) -> Sequence[Programs]:
        target = self._target
        if target.networks is not None:
            return ()
        return find_programs(target.engine, target.major, target.packages, with_zones=target.zones)

    def _sources(self, programs: Sequence[Programs]) -> Iterator[Programs | Image]:
        yield from programs
        if (image := self._image()) is not None:
            yield image

    def _image(self) -> Image | None:
        """Return the image for a container, where there is an engine, and we are not in one."""
        from workflow.project.container.inside import container_around
        from workflow.project.container.sockets import may_listen

        if not may_listen(self._settings.variables) or container_around() is not None:
            return None
        from workflow.databases.container import find_image

        target = self._target
        try:
            return find_image(self._settings, target.engine, target.major, target.networks)
        except Cause as error:
            self.failures.append(error.finding.message)
        except CouldNotCheck as error:
            self.failures.append(str(error))
        return None

    def _start(self, source: Programs | Image) -> Running:
        if source not in self._started:
            self.close()  # it would not do: there is one at a time
            self._started[source] = self._server(source)
        return self._started[source]

    def _server(self, source: Programs | Image) -> Running:
        from workflow.databases.container import Image, InContainer

        if isinstance(source, Image):
            return InContainer(source, self._settings, self._scratch.folder)
        return Server(source, self._scratch.folder)
