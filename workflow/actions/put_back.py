"""Puts a database back that an apply left half changed, because it was killed in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.context import show_path
from workflow.errors import CouldNotCheck
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.context import Context

NAME = "put-back"


def plan(context: Context) -> str:
    """Return what ``run`` would put back."""
    found = _cut_off(context)
    return "\n".join(_sentence(context, folder) for folder in found) or "nothing to put back"


def run(context: Context) -> StepResult:
    """Put the snapshot back once a person agrees. Raises CouldNotCheck where it is not proved."""
    from workflow.project.scratch import KEEP, sweep_leftovers

    found = _cut_off(context)
    if not found:
        return StepResult(NAME, Verdict.SKIPPED, reason="no apply was cut off")
    agreed = context.words.yes or context.talk.ask(f"{plan(context)}. Type yes to do it.") == "yes"
    if not agreed:
        raise CouldNotCheck(f"{plan(context)}: say yes, or give --yes. Nothing was changed")
    for folder in found:
        answer = context.agent.ask(
            "restore", database=_alias(folder), folder=context.place.there(folder)
        )
        if not answer["proved"]:
            raise CouldNotCheck(
                "the database is not what the snapshot holds: somebody is writing to it. The "
                f"snapshot is kept in {folder}"
            )
        (folder / KEEP).unlink()
    sweep_leftovers(context.settings.state_folder)
    return StepResult(NAME, Verdict.PASSED, details="the database is what it was before")


def _cut_off(context: Context) -> list[Path]:
    from workflow.project.scratch import cut_off  # flows that ask no project are quicker without

    return cut_off(context.settings.state_folder)


def _sentence(context: Context, folder: Path) -> str:
    place = show_path(folder, context.settings.project)
    return f"put the database {_alias(folder)!r} back to the snapshot in {place}"


def _alias(folder: Path) -> str:
    import json

    from workflow.project.scratch import KEEP

    try:
        alias: str = json.loads((folder / KEEP).read_text(encoding="utf-8"))["database"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CouldNotCheck(f"{folder / KEEP} does not say which database it is for") from error
    return alias
