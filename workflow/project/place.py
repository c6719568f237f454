"""Where the project's Python runs: on this host, or in a container. The seam between the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from workflow.outcome import Finding


class Requests(Protocol):
    """What the agent reads: its standard input, written to from here."""

    def write(self, data: bytes, /) -> Any:
        """Send some bytes."""

    def flush(self) -> None:
        """Send them now."""

    def close(self) -> None:
        """Tell the agent that nothing more comes: it ends."""


class Running(Protocol):
    """A program that was started there, with its three streams here."""

    @property
    def stdin(self) -> Requests | None:
        """What it reads."""

    @property
    def stdout(self) -> IO[bytes] | None:
        """What it answers."""

    @property
    def stderr(self) -> IO[bytes] | None:
        """What it says besides."""

    def feed(self, data: bytes) -> None:
        """Send a lot, and do not wait until it was read."""

    def end(self, *, seconds: float) -> None:
        """Close its standard input, give it some time, and see to it that it is gone."""

    def describe_end(self) -> str:
        """Wait for its end and say how it was."""


class Tree(Protocol):
    """The working tree on this host, which a place is held against."""

    @property
    def writes(self) -> bool:
        """Whether the flow is to write into it."""

    @property
    def asks_about_production(self) -> bool:
        """Whether a person may let the flow at production, once the database's name is known."""

    @property
    def migration_files(self) -> Sequence[str]:
        """Its migration files, relative to the project."""

    @property
    def meeting_folder(self) -> Path:
        """A folder of this run, in the tree, where both sides can leave something."""

    @property
    def seen_there(self) -> Mapping[str, Any]:
        """What the agent answers to ``Place.before_boot``. Starts it; raises CouldNotCheck."""


class Place(Protocol):
    """Where the project's Python runs."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment that the project has there. Its values are not to be shown."""

    @property
    def origin(self) -> str:
        """How this Python was found, in a few words."""

    @property
    def shown(self) -> str:
        """Which Python it is, for the middle of a sentence."""

    @property
    def networks(self) -> tuple[str, ...] | None:
        """The networks that it reaches containers in; ``None`` where it is this machine."""

    def there(self, path: Path) -> str:
        """Return what a path of this host is called there."""

    def here(self, path: str) -> Path:
        """Return what a path there is called on this host; one that is only there, unchanged."""

    def settings_module(self) -> str | None:
        """Return the settings module to be chosen for the project, where it is not its own."""

    def start(self, code: str, variables: Mapping[str, str]) -> Running:
        """Start the project's Python with some code. Raises CouldNotCheck where it can't."""

    def before_boot(self, tree: Tree) -> Mapping[str, Any] | None:
        """Return what the agent is to look at before it boots Django, if anything.

        Raises CouldNotCheck where nothing may be started.
        """

    def examine(self, tree: Tree) -> Iterator[Finding]:
        """Yield what is wrong with the place, first cause first, without booting Django."""
