"""Other files of the project, found by their dotted names and read the same way."""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH100, PTH113, PTH118, PTH119, PTH120

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from workflow.history.execute import execute_module
from workflow.history.scope import Module, OutOfFuel
from workflow.history.syntax import Failure, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workflow.history.files import Files

MAX_LOADS = 12
"""How deep imports are followed."""

Need = tuple[str, "str | None"]
"""A file that was looked for, and the digest of what was there."""


class Home(NamedTuple):
    """Where a file lives: the folder that imports start from, and its dotted name there."""

    root: str
    dotted: str


def home_of(files: Files, folder: str) -> Home:
    """Return the home of a package folder: the first folder above that is no package."""
    parts: list[str] = []
    root = folder
    while True:
        parent, name = os.path.split(root)
        parts.append(name)
        root = parent
        if parent == os.path.dirname(parent) or not is_package(files, parent):
            return Home(root, ".".join(reversed(parts)))


def is_package(files: Files, folder: str) -> bool:
    """Return whether the folder has an ``__init__.py``."""
    return files.is_file(os.path.join(folder, "__init__.py"))


class Modules:
    """Every other module that was looked at while reading a project."""

    def __init__(self, files: Files, roots: Iterable[str]) -> None:
        self.files = files
        self.roots = list(dict.fromkeys(roots))
        self._modules: dict[str, tuple[Module | None, tuple[Need, ...]]] = {}
        self._loading: list[str] = []

    def lookup(self, dotted: str, first: str, needs: list[Need]) -> Module | None:
        """Return the module of this name, ``None`` where it is not in the project.

        ``first`` is the folder to look in first. All that was looked at goes to ``needs``.
        """
        for path in self._candidates(dotted, first):
            content = self.files.read(path)
            needs.append((path, content.digest if content else None))
            if content is not None:
                return self._load(path, dotted, first, needs)
        return None

    def _candidates(self, dotted: str, first: str) -> Iterator[str]:
        if not dotted or not all(part.isidentifier() for part in dotted.split(".")):
            return
        relative = dotted.replace(".", os.sep)
        for root in dict.fromkeys((first, *self.roots)):
            yield os.path.join(root, relative, "__init__.py")
            yield os.path.join(root, f"{relative}.py")

    def _load(self, path: str, dotted: str, first: str, needs: list[Need]) -> Module | None:
        if path not in self._modules:
            if path in self._loading or len(self._loading) >= MAX_LOADS:
                return None
            self._loading.append(path)
            inner: list[Need] = []
            module = self._read(path, dotted, first, inner)
            self._loading.pop()
            self._modules[path] = (module, tuple(inner))
        module, inner_needs = self._modules[path]
        needs += inner_needs
        return module

    def _read(self, path: str, dotted: str, first: str, needs: list[Need]) -> Module | None:
        content = self.files.read(path)
        tree = parse(content.data) if content and content.error is None else None
        if tree is None or isinstance(tree, Failure):
            return None
        module = Module(dotted, Finder(self, first, needs), is_package=path.endswith("__init__.py"))
        try:
            execute_module(module, tree)
        except (OutOfFuel, RecursionError):
            return None
        return module


class Finder:
    """What one file sees of the others. ``needs`` is all that it looked at."""

    __slots__ = ("first", "modules", "needs")

    def __init__(self, modules: Modules, first: str, needs: list[Need]) -> None:
        self.modules = modules
        self.first = first
        self.needs = needs

    def module(self, dotted: str) -> Module | None:
        """Return the module of this dotted name, ``None`` where it cannot be told."""
        return self.modules.lookup(dotted, self.first, self.needs)
