"""Writes the lock file anew, whatever is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.actions.replacing import replace
from workflow.context import show_path
from workflow.errors import CouldNotCheck
from workflow.gates.locked import lock_file, text_of
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.context import Context

NAME = "lock"


def plan(context: Context) -> str:
    """Return what ``run`` would write."""
    target = lock_file(context)
    if _is_right(target, text_of(context, context.history, {}).encode("utf-8")):
        return "nothing to write"
    return f"would write {show_path(target, context.settings.project)}"


def run(context: Context) -> StepResult:
    """Write a line for each app. Refused where the migrations themselves are not right.

    Raises CouldNotCheck where a file can't be read or written.
    """
    judged = context.judged(NAME, context.findings)
    if judged.verdict is not Verdict.PASSED:
        return judged
    target = lock_file(context)
    text = text_of(context, context.history, {}).encode("utf-8")
    shown = show_path(target, context.settings.project)
    if _is_right(target, text):
        return StepResult(NAME, Verdict.PASSED, details=f"{shown} is right as it is")
    try:
        replace(target, text)
    except OSError as error:
        raise CouldNotCheck(f"{shown} can't be written: {error.strerror}") from error
    return StepResult(NAME, Verdict.PASSED, details=f"wrote {shown}")


def _is_right(target: Path, text: bytes) -> bool:
    try:
        return target.read_bytes() == text
    except OSError:
        return False
