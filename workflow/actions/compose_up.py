"""Builds and starts the development environment, and waits until it is healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "compose-up"

LAST_LINES = 20


def plan(context: Context) -> str:
    """Return the command that ``run`` would run."""
    return "would run " + " ".join(context.development.up_words)


def run(context: Context) -> StepResult:
    """Start it. Raises CouldNotCheck with Compose's own words where that fails."""
    development = context.development
    done = development.up(context.talk.progress)
    if done.code != 0:
        lines = done.stderr.splitlines()
        raise CouldNotCheck(
            f"the containers did not start: {lines[-1].strip() if lines else 'nothing was said'}",
            "\n".join(lines[-LAST_LINES:]),
        )
    return StepResult(NAME, Verdict.PASSED, details=development.describe())
