"""``.env.example``: which variables somebody new has to set. Names alone, never a value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.config import names_in_dotenv

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the variables that somebody new has to set"

NAME = ".env.example"
NAMES = (NAME, ".env.sample", ".env.template", ".env.dist", "env.example", "example.env")
"""What such files are called, ours first."""


def targets(found: Found) -> Iterator[Target]:
    """Yield the example beside each ``.env`` that has none."""
    for folder in dict.fromkeys((found.settings.project, found.home)):
        if (folder / ".env").is_file() and example_in(folder) is None:
            yield folder / NAME, lambda _, path=folder / ".env": example_of(path)  # type: ignore[misc]


def example_in(folder: Path) -> Path | None:
    """Return the example that a folder has, by whatever name."""
    paths = (folder / name for name in NAMES)
    return next((path for path in paths if path.is_file()), None)


def example_of(path: Path) -> str:
    """Return the example for a ``.env``."""
    names = "".join(f"{name}=\n" for name in names_in_dotenv(path))
    return f"# Copy this to .env and fill it in: git must not see what stands there.\n{names}"
