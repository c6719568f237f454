"""Do the migration files fit together? Read as data: no Django, no database, no container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow import rules
from workflow.outcome import StepResult, verdict_of

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "dependencies"


def run(context: Context) -> StepResult:
    """Check the history against every rule."""
    findings = tuple(rules.check(context.history))
    return StepResult(NAME, verdict_of(findings, strict=context.words.strict), findings)
