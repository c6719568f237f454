"""GRF116: a file is written in a Python newer than the one that reads it here."""

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

CODE = "GRF116"


@over_history(CODE, "file in newer Python than this tool runs on", Severity.INFO)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each file whose operations could not be read for its grammar."""
    for problem in problems_of(context, {Trouble.NEWER_GRAMMAR}):
        yield about(
            problem,
            CODE,
            Severity.INFO,
            f"{problem.path} is written in newer Python than the one that this tool runs on "
            f"({problem.reason}): what it does is read by the project's interpreter only.",
            "install the tool for the project's Python.",
        )
