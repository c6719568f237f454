"""Do the migration files fit together? Read as data: no Django, no database, no container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import StepResult, Verdict, verdict_of

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "dependencies"


def run(context: Context) -> StepResult:
    """Check the history against every rule."""
    if not context.history.migrations and not context.history.problems:
        where = context.settings.project
        return StepResult(NAME, Verdict.SKIPPED, reason=f"no migrations below {where}")
    findings = tuple(context.findings)
    return StepResult(NAME, verdict_of(findings, strict=context.words.strict), findings)
