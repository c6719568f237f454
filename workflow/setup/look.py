"""Looks at the repository before anything is asked: what is there, and where that was found."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.outcome import StepResult, Verdict
from workflow.setup.env_file import lacking
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


def is_machine_looked_at(context: Context) -> bool:
    """Say whether this machine counts: CI's is no developer's, and a plan changes nothing on it."""
    words = context.words
    return not (words.undo or words.dry_run or context.settings.variables.get("CI"))


def run(context: Context) -> StepResult:
    """Tell what is found. Raises UsageError where there is no project."""
    found = look(context)
    if is_machine_looked_at(context) and not any(lacking(found)):
        with suppress(CouldNotCheck):  # the gate that needs it says so
            _ = context.agent  # it boots while we read
    try:
        facts = list(found.facts())
    except NotReadable as error:
        finding = unreadable(str(error), "what to write")
        return StepResult(NAME, Verdict.REFUSED, (finding,))
    lines = (f"{fact.what:<10}{fact.value}  ({fact.origin})" for fact in facts)
    return StepResult(NAME, Verdict.PASSED, details="\n".join(lines))
