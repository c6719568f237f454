"""Other files of the project, found by their dotted names and read the same way."""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH118

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from workflow.history.execute import execute_module
from workflow.history.scope import Module, OutOfFuel
from workflow.history.syntax import Failure, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workflow.history.files import Files
    from workflow.history.homes import Need

MAX_LOADS = 12
"""How deep imports are followed."""

_Loaded = tuple["Module | None", "tuple[Need, ...]"]


class Modules:
    """Every other module that was looked at while reading a project."""

    def __init__(self, files: Files, roots: Iterable[str]) -> None:
        self.files = files
        self.roots = list(dict.fromkeys(roots))
        self._modules: dict[tuple[str, str, str], _Loaded] = {}
        self._partial: dict[tuple[str, str, str], _Loaded] = {}
        self._loading: list[tuple[str, str, str]] = []
        self._cut = False

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
        key = (path, dotted, first)
        known = self._modules.get(key) or self._partial.get(key)
        if known is None:
            if key in self._loading or len(self._loading) >= MAX_LOADS:
                self._cut = True
                return None
            known = self._load_new(key)
        needs += known[1]
        return known[0]

    def _load_new(self, key: tuple[str, str, str]) -> _Loaded:
        cut, self._cut = self._cut, False
        inner: list[Need] = []
        self._loading.append(key)
        loaded = (self._read(*key, inner), tuple(dict.fromkeys(inner)))
        self._loading.pop()
        # In a circle of imports each sees the others half done, depending on where it was
        # entered. Such a result must not reach a file that enters elsewhere.
        (self._partial if self._cut else self._modules)[key] = loaded
        self._cut = cut or self._cut
        if not self._loading:
            self._partial.clear()
            self._cut = False
        return loaded

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
