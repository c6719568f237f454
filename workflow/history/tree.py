"""Walking a project's tree for the folders that matter, and for no others."""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import re
from fnmatch import translate
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workflow.history.files import Entry, Files

NEVER: Final = frozenset(
    {"node_modules", "bower_components", "__pycache__", "site-packages", "dist-packages"}
)
"""Folders that are never walked, as are hidden ones and virtual environments."""

BY_DEFAULT: Final = frozenset(
    {"test", "tests", "testing", "testapp", "testapps", "test_app", "testproject", "test_project",
     "sandbox", "sandboxes", "example", "examples", "example_project", "docs", "doc", "vendor",
     "vendored", "_vendor", "third_party", "thirdparty"}
)  # fmt: skip
"""Folders that are no part of the project unless asked for."""

UNLESS_PACKAGES: Final = frozenset(
    {"build", "dist", "env", "static", "staticfiles", "media", "locale", "templates", "htmlcov"}
)
"""Folders that are walked only where they are Python packages."""


class Found(NamedTuple):
    """What the walk found: all absolute paths.

    ``migrations``: folders of that name. ``apps``: folders that look like an app's own,
    with the names that made them so. ``manage``: folders with a ``manage.py``.
    """

    migrations: list[str]
    apps: list[str]
    manage: list[str]


class Exclusions:
    """Which folders below the project are left out.

    Patterns are names or paths relative to the project with ``*``; ``!`` takes in again what
    is left out by default.
    """

    def __init__(self, patterns: Sequence[str], wanted: Sequence[str] = ()) -> None:
        taken_in = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
        left_out = [pattern for pattern in patterns if not pattern.startswith("!")]
        self._taken_in = [_compile(pattern) for pattern in taken_in]
        self._left_out = [_compile(pattern) for pattern in left_out]
        self._wanted = {"/".join(parts) for path in wanted for parts in _prefixes(path)}

    def leaves_out(self, name: str, relative: str) -> bool:
        """Return whether this folder is no part of the project."""
        if any(pattern.match(name) or pattern.match(relative) for pattern in self._left_out):
            return True
        if name not in BY_DEFAULT or relative in self._wanted:
            return False
        return not any(pattern.match(name) or pattern.match(relative) for pattern in self._taken_in)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.strip("/")))


def _prefixes(path: str) -> list[list[str]]:
    parts = path.split("/")
    return [parts[:count] for count in range(1, len(parts) + 1)]


def walk_tree(files: Files, exclusions: Exclusions) -> Found:
    """Return the folders that matter, in order of their paths."""
    found = Found([], [], [])
    todo = [files.project]
    links: set[str] = set()
    while todo:
        folder = todo.pop()
        entries = files.entries(folder)
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names and folder != files.project:
            continue
        _note(found, folder, names)
        for entry in entries:
            if entry.is_dir and _is_walked(files, exclusions, folder, entry, links):
                path = os.path.join(folder, entry.name)
                (found.migrations if entry.name == "migrations" else todo).append(path)
    for paths in found:
        paths.sort()
    return found


def _note(found: Found, folder: str, names: set[str]) -> None:
    if "manage.py" in names:
        found.manage.append(folder)
    if not names.isdisjoint({"apps.py", "models.py", "models", "migrations"}):
        found.apps.append(folder)


def _is_walked(
    files: Files, exclusions: Exclusions, folder: str, entry: Entry, links: set[str]
) -> bool:
    name = entry.name
    if name.startswith(".") or name in NEVER or name.endswith(".egg-info"):
        return False
    path = os.path.join(folder, name)
    if entry.is_link and not _is_new_link(files, path, links):
        return False
    if name in UNLESS_PACKAGES and not files.is_file(os.path.join(path, "__init__.py")):
        return False
    return not exclusions.leaves_out(name, files.relative(path))


def _is_new_link(files: Files, path: str, links: set[str]) -> bool:
    """Follow a link once, and only out of the tree: what it holds is walked anyway."""
    target = os.path.realpath(path)
    inside = (target + os.sep).startswith(os.path.realpath(files.project) + os.sep)
    around = os.path.realpath(files.project).startswith(target.rstrip(os.sep) + os.sep)
    seen = any((target + os.sep).startswith(link + os.sep) for link in links)
    if inside or around or seen:
        return False
    links.add(target)
    return True
