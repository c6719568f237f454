"""Looks at the repository before anything is asked: what is there, and where that was found."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from workflow.outcome import StepResult, Verdict
from workflow.setup.found import Found, expect_project
from workflow.setup.proposal import unreadable
from workflow.setup.writing import NotReadable

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "look"


@lru_cache(maxsize=1)
def look(context: Context) -> Found:
    """Return what is found; the steps of one flow share it. Raises UsageError."""
    expect_project(context.settings, context.git)
    return Found(context.settings, context.git)


def run(context: Context) -> StepResult:
    """Tell what is found. Raises UsageError where there is no project."""
    found = look(context)
    try:
        facts = list(found.facts())
    except NotReadable as error:
        finding = unreadable(str(error), "what to write")
        return StepResult(NAME, Verdict.REFUSED, (finding,))
    lines = (f"{fact.what:<10}{fact.value}  ({fact.origin})" for fact in facts)
    return StepResult(NAME, Verdict.PASSED, details="\n".join(lines))
