"""How the rules about unreadable files speak of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Finding
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from workflow.history.model import Problem, Trouble
    from workflow.outcome import Severity
    from workflow.rules.context import Context


def problems_of(context: Context, troubles: Container[Trouble]) -> Iterator[Problem]:
    """Yield the project's own files in this trouble."""
    for problem in context.history.problems:
        if problem.trouble in troubles and not problem.path.startswith("/"):
            yield problem


def about(problem: Problem, code: str, severity: Severity, message: str, advice: str) -> Finding:
    """Return a finding about a file that could not be read."""
    return Finding(
        code,
        severity,
        message,
        instead(advice),
        app=problem.app,
        migration=problem.migration,
        path=problem.path,
        line=problem.line,
        data={"trouble": problem.trouble.value},
    )
