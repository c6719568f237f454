"""Do the migration files fit together? Read as data: no Django, no database, no container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.gates import locked
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "dependencies"


def run(context: Context) -> StepResult:
    """Check the history against every rule, and against the lock file where there is one."""
    if not context.history.migrations and not context.history.problems:
        where = context.settings.project
        return StepResult(NAME, Verdict.SKIPPED, reason=f"no migrations below {where}")
    return context.judged(NAME, (*context.findings, *locked.findings(context)))
