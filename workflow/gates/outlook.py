"""What ``makemigrations`` would find, told ahead. Never refuses: finding it is what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.gates.drift import find_drift
from workflow.outcome import Severity, StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "outlook"


def run(context: Context) -> StepResult:
    """Compare models and migrations."""
    if context.state["history"] is not None or context.state["conflicts"]:
        return StepResult(NAME, Verdict.SKIPPED, reason="the history has to be mended first")
    return StepResult(NAME, Verdict.PASSED, tuple(find_drift(context, own=Severity.INFO)))
