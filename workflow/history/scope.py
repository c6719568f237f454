"""What the names of one module are bound to while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import _ast

    from workflow.history.raw import Raw

FUEL = 20_000
"""Steps that one file may cost beyond its own size, loops and calls unrolled."""


class OutOfFuel(Exception):
    """The file costs more steps than a file may."""


class FunctionBinding:
    """A function that the module defines."""

    __slots__ = ("node", "owner")

    def __init__(self, node: _ast.FunctionDef | _ast.AsyncFunctionDef, owner: Module) -> None:
        self.node = node
        self.owner = owner


class ClassBinding:
    """A class that the module defines, once its body was read.

    ``bases`` are raw names. ``exact`` is false where decorators or keywords, such as a
    metaclass, may have changed what the body says. ``lines`` tells where attributes are set.
    """

    __slots__ = ("attributes", "bases", "exact", "line", "lines", "name", "owner")

    def __init__(  # noqa: PLR0913 - a record
        self,
        name: str,
        bases: list[Raw],
        attributes: dict[str, Raw],
        line: int,
        owner: Module,
        *,
        exact: bool,
    ) -> None:
        self.name = name
        self.bases = bases
        self.attributes = attributes
        self.line = line
        self.owner = owner
        self.exact = exact
        self.lines: dict[str, int] = {}


class Loader(Protocol):
    """Finds other modules of the project, read the same way."""

    def module(self, dotted: str) -> Module | None:
        """Return the module of this dotted name, ``None`` where it cannot be told."""


class Module:
    """One file while it is read: its names, and what else it told about itself.

    ``names`` are raw values, functions and classes. ``imports`` are (path, alias, line).
    ``shared``: a list or a dictionary may stand in several places.
    ``has_star``: after a star import that could not be followed, any name may be anything.
    """

    __slots__ = ("fuel", "has_star", "imports", "is_package", "loader", "name", "names", "shared")

    def __init__(self, name: str, loader: Loader | None, *, is_package: bool = False) -> None:
        self.name = name
        self.loader = loader
        self.is_package = is_package
        self.names: dict[str, Raw] = {}
        self.imports: list[tuple[str, str, int]] = []
        self.has_star = False
        self.fuel = FUEL
        self.shared = False

    def burn(self, steps: int = 1) -> None:
        """Account for work; raises :class:`OutOfFuel`."""
        self.fuel -= steps
        if self.fuel < 0:
            raise OutOfFuel

    def local(self, path: str) -> Raw:
        """Return what the local name ``.name`` is bound to, ``...`` where to nothing."""
        return self.names.get(path[1:], ...)

    def absolute(self, module: str | None, level: int) -> str:
        """Return the dotted name that a relative import means."""
        if not level:
            return module or ""
        parts = self.name.split(".")
        kept = parts[: len(parts) - level + self.is_package]
        return ".".join([*kept, module] if module else kept)
