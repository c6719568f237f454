"""GRF114: a file can't be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.model import Trouble
from workflow.outcome import Severity
from workflow.rules.problems import about, problems_of
from workflow.rules.registry import over_history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Problem
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF114"
TROUBLES = frozenset(Trouble) - {Trouble.CONFLICT_MARKERS, Trouble.NEWER_GRAMMAR}
ADVICE = {
    Trouble.SYNTAX: "correct the file, or take it out of the project.",
    Trouble.ENCODING: "save the file as UTF-8.",
    Trouble.NULL_BYTES: "restore the file, which is probably damaged, from git.",
    Trouble.TOO_DEEP: "write the nested expression in several steps.",
    Trouble.TOO_LARGE: "move the data out of the migration into a file that it reads.",
    Trouble.UNREADABLE: "make the file readable for this user.",
}


@over_history(CODE, "file that can't be read", Severity.ERROR, Severity.WARNING)
def check(context: Context) -> Iterator[Finding]:
    """Yield an error for each migration that can't be read, a warning for another file."""
    for problem in problems_of(context, TROUBLES):
        yield _finding(problem)


def _finding(problem: Problem) -> Finding:
    if problem.migration:
        severity = Severity.ERROR
        consequence = "the migration is not checked, and Django can't load it either"
    else:
        severity = Severity.WARNING
        consequence = "what it says about apps and migrations is not known"
    return about(
        problem,
        CODE,
        severity,
        f"{problem.path} can't be read ({problem.reason}): {consequence}.",
        ADVICE[problem.trouble],
    )
