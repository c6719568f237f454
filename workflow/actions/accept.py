"""Writes what the gates before it found into the baseline: from then on it refuses nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.context import show_path
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.waivers.judge import Change

NAME = "accept"


def plan(context: Context) -> str:
    """Return what ``run`` would write."""
    path = show_path(context.settings.baseline_file, context.settings.project)
    change = _change(context)
    if change is None or not (change.new or change.gone):
        return f"{path} stays as it is"
    return f"would write {path}: {_described(change)}"


def run(context: Context) -> StepResult:
    """Write the baseline. Raises CouldNotCheck where the disk refuses, with nothing changed."""
    change = _change(context)
    if change is None or not (change.new or change.gone):
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing else is found")
    from workflow.waivers.baseline import render, write_baseline

    path = context.settings.baseline_file
    write_baseline(path, render(change.rows))
    shown = show_path(path, context.settings.project)
    return StepResult(NAME, Verdict.PASSED, details=f"wrote {shown}: {_described(change)}")


def _change(context: Context) -> Change | None:
    return None if context.judge is None else context.judge.change()


def _described(change: Change) -> str:
    return f"{len(change.rows)} accepted, {change.new} of them new, {change.gone} gone"
