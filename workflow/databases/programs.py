"""The programs of database servers on this machine: which there are for an engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from workflow.project.process import Child


class Programs(Protocol):
    """The programs of one server, which start it."""

    @property
    def folder(self) -> Path:
        """Where the server's program is."""

    @property
    def version(self) -> str:
        """The part of its version that changes what it does."""

    @property
    def origin(self) -> str:
        """Which server it is, for the middle of a sentence."""

    def start(self, folder: Path, before: Sequence[str]) -> Child | None:
        """Start a server in a folder; ``before`` stands before each command.

        Returns its process where that is a child of ours. Raises CouldNotCheck.
        """

    def settings(self, folder: Path) -> dict[str, Any]:
        """Return how Django connects to the one in a folder."""


def find_programs(
    engine: str, version: str, packages: Iterable[Path] = (), *, with_zones: bool = False
) -> Sequence[Programs]:
    """Return every server of an engine that could run here, the best first.

    The best are those of the version. ``packages`` are the project's folders of packages.
    ``with_zones``: whether the server has to be told of time zones, where it comes without.
    """
    if engine == "postgresql":
        from workflow.databases.postgresql import find_postgresql

        return find_postgresql(packages, version)
    if engine in {"mariadb", "mysql"}:
        from workflow.databases.mariadb import find_mariadb

        return find_mariadb(engine, version, with_zones=with_zones)
    return ()
