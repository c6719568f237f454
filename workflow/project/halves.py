"""Migrations that were cut off in the middle, on a server that can't take back what they did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from workflow.errors import CouldNotCheck


class Half(NamedTuple):
    """What the note of a migration says that was under way when everything ended."""

    path: Path
    app: str
    migration: str
    operations: list[str]
    """What each operation before the last does. They are in the database."""
    done: list[str]
    """The last statements that were executed, and are in the database."""
    under_way: str
    """The statement that may be in the database, or not."""


def half_applied(state_folder: Path, alias: str) -> Half | None:
    """Return what the agent noted, if anything. Raises CouldNotCheck where it can't be read."""
    path = state_folder / f"half-applied-{alias}.json"
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        return Half(
            path,
            note["app"],
            note["migration"],
            note["operations"],
            note["done"],
            note["under_way"],
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CouldNotCheck(
            f"{path} says which migration was cut off, and can't be read: {error}"
        ) from error
