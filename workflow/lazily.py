"""Imports that cost nothing until something of the module is used: ``with lazily("PACKAGE"): …``.

A run needs a few steps of the many that `flows` names, and a hook runs at every commit. The
import statements stay what they are, for people, type checkers and import contracts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType


class _Finder:
    """Finds the modules right inside of some packages, and puts their execution off."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module is loaded, ``None`` where that is none of our business."""
        if name.rpartition(".")[0] not in self._packages:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def lazily(*packages: str) -> Iterator[None]:
    """Put off the execution of the packages' modules that are first imported here."""
    finder = _Finder(packages)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
