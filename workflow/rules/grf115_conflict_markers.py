"""GRF115: git's conflict markers are left in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.model import Trouble
from workflow.outcome import Severity
from workflow.rules.problems import about, problems_of
from workflow.rules.registry import over_history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF115"


@over_history(CODE, "git conflict markers in a file", Severity.ERROR)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each file that git left for a person to merge."""
    for problem in problems_of(context, {Trouble.CONFLICT_MARKERS}):
        yield about(
            problem,
            CODE,
            Severity.ERROR,
            f"{problem.path} still holds git's conflict markers: it is no Python, and nothing "
            "that imports it runs.",
            "settle the conflict between the two versions in the file, then `git add` it.",
        )
