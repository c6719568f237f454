"""What every CI provider runs: the same commands, in the words of each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from workflow import __version__
from workflow.setup.manager import COMMAND, PACKAGE
from workflow.setup.parts.table import said_or_written

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.setup.found import Found

PYTHON = "3.12"
"""The Python of the static job, which needs none of the project's."""

TOOL = f"python -m pip install {PACKAGE}=={__version__}"
ON_DISK = {"sqlite3", "spatialite"}
"""Databases that need no server."""


def main_branch(found: Found) -> str | None:
    """Return the main branch, as the provider calls it."""
    known = found.git.main_branch or found.git.branch
    return None if known is None else known.removeprefix("origin/")


def static_command(found: Found) -> str:
    """Return the static gate, held against the main branch as it is there."""
    branch = main_branch(found)
    against = "" if branch is None else f" --against origin/{branch}"
    return f"{COMMAND} validate-migration-dependencies{against}"


def live_commands(found: Found) -> list[str]:
    """Return what builds an empty database; nothing where that takes a server we know not."""
    if said_or_written(found, "runs") == "container":
        return [TOOL, f"{COMMAND} dev", f"{COMMAND} test-migrations-clean"]
    if not found.engines or not set(found.engines) <= ON_DISK:
        return []
    manager = found.manager
    get = [] if manager.name == "pip" else [f"python -m pip install {manager.name}"]
    tool = [TOOL] if manager.name == "pip" else []
    words = COMMAND if manager.name == "pip" else manager.command(found.home)
    return [*get, manager.install, *tool, f"{words} test-migrations-clean"]


def folder_of(found: Found) -> str | None:
    """Return the folder that the commands are run in, where it is not the top."""
    return None if found.home == found.top else os.path.relpath(found.home, found.top)


def names_us(found: Found, paths: list[Path]) -> bool:
    """Say whether a file runs a verb already."""
    return any(COMMAND in (found.text(path) or "") for path in paths)
