"""Gives somebody new a ``.env`` to fill in, where the project has an example of one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.outcome import StepResult, Verdict
from workflow.setup.look import look
from workflow.setup.parts.env_example import example_in

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.setup.found import Found

NAME = "env-file"


def plan(context: Context) -> str:
    """Return what ``run`` would copy."""
    found = look(context)
    copies = [] if context.words.undo else list(lacking(found))
    return "\n".join(_shown(example, found) for example in copies) or "nothing to copy"


def run(context: Context) -> StepResult:
    """Copy the example. Raises CouldNotCheck where the disk refuses."""
    if context.words.undo or context.words.check:
        reason = "--undo" if context.words.undo else "--check"
        return StepResult(NAME, Verdict.SKIPPED, reason=reason)
    found = look(context)
    copies = list(lacking(found))
    if not copies:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing is missing")
    try:
        for example in copies:
            shutil.copyfile(example, example.with_name(".env"))
    except OSError as error:
        raise CouldNotCheck(f"{error.filename} can't be written: {error.strerror}") from error
    done = "\n".join(f"{_shown(example, found)}: fill it in" for example in copies)
    return StepResult(NAME, Verdict.PASSED, details=done)


def lacking(found: Found) -> Iterator[Path]:
    """Yield each example whose ``.env`` is missing."""
    for folder in dict.fromkeys((found.settings.project, found.home)):
        example = example_in(folder)
        if example is not None and not (folder / ".env").exists():
            yield example


def _shown(example: Path, found: Found) -> str:
    return f"{found.shown(example)} to {found.shown(example.with_name('.env'))}"
