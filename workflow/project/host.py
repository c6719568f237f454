"""The project's Python on this machine, be that a laptop or the inside of a container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflow.project import process
from workflow.project.interpreter import Interpreter, find_interpreter

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.outcome import Finding
    from workflow.project.place import Tree


class Host:
    """The interpreter of this machine that has the project's packages."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def interpreter(self) -> Interpreter:
        """The Python that runs the project."""
        settings = self._settings
        return find_interpreter(
            settings.project, settings.root, settings.python, settings.variables
        )

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment, on top of what ``.env`` says."""
        return self._settings.variables

    @property
    def origin(self) -> str:
        """How the interpreter was found."""
        return self.interpreter.origin

    @property
    def shown(self) -> str:
        """The interpreter, and how it was found."""
        argv, origin = self.interpreter
        return f"{' '.join(argv)} ({origin})"

    @property
    def networks(self) -> None:
        """It is this machine."""
        return

    def there(self, path: Path) -> str:
        """Return the same path."""
        return str(path)

    def here(self, path: str) -> Path:
        """Return the same path."""
        return Path(path)

    def settings_module(self) -> str | None:
        """Return the one that the configuration, the environment or ``.env`` names."""
        return self._settings.settings

    def start(self, code: str, variables: Mapping[str, str]) -> process.Process:
        """Start the interpreter in the project's folder."""
        argv = [*self.interpreter.argv, "-c", code]
        return process.start(argv, cwd=self._settings.project, variables=variables)

    def before_boot(self, tree: Tree) -> Mapping[str, Any] | None:  # noqa: ARG002 - a Place takes it
        """Nothing: this is the tree itself."""
        return None

    def examine(self, tree: Tree) -> Iterator[Finding]:
        """Yield what is wrong with a container that we are in, if we are in one."""
        from workflow.project.container.inside import examine_inside

        return examine_inside(self._settings, writes=tree.writes)
