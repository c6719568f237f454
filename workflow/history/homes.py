"""Where a file lives among the project's packages."""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH118, PTH120

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workflow.history.files import Files

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
