"""The ``.env`` that somebody new needs, where the project has an example of one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.setup.parts.env_example import example_in

if TYPE_CHECKING:
    from workflow.setup.found import Found


def lacking(found: Found) -> Iterator[Path]:
    """Yield each example whose ``.env`` is missing."""
    for folder in dict.fromkeys((found.settings.project, found.home)):
        example = example_in(folder)
        if example is not None and not (folder / ".env").exists():
            yield example


def copy(example: Path) -> None:
    """Make a ``.env`` of an example. Raises CouldNotCheck where the disk refuses."""
    try:
        shutil.copyfile(example, example.with_name(".env"))
    except OSError as error:
        raise CouldNotCheck(f"{error.filename} can't be written: {error.strerror}") from error
