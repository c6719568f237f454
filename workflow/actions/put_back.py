"""Puts a database back that an apply left half changed, because it was killed in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.context import show_path
from workflow.errors import CouldNotCheck, UsageError
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.context import Context
    from workflow.project.halves import Half

NAME = "put-back"


def plan(context: Context) -> str:
    """Return what ``run`` would put back."""
    sentences = [_sentence(context, folder) for folder in _cut_off(context)]
    half = _half_applied(context)
    if half is not None:
        sentences.append(f"take {half.app}.{half.migration} as finished or taken back by hand")
    return "\n".join(sentences) or "nothing to put back"


def run(context: Context) -> StepResult:
    """Put the snapshot back once a person agrees.

    Raises UsageError where nobody can be asked, CouldNotCheck where it is not proved.
    """
    from workflow.project.scratch import KEEP, sweep_leftovers

    found, half = _cut_off(context), _half_applied(context)
    if not found and half is None:
        return StepResult(NAME, Verdict.SKIPPED, reason="no apply was cut off")
    reply = "yes" if context.words.yes else context.talk.ask(f"{plan(context)}. Type yes to do it.")
    if reply is None:
        raise UsageError(
            f"{plan(context)}: there is nobody to ask, give --yes. Nothing was changed"
        )
    if reply != "yes":
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
    if half is not None:
        half.path.unlink(missing_ok=True)
    sweep_leftovers(context.settings.state_folder)
    details = "the database is what it was before" if found else None
    return StepResult(NAME, Verdict.PASSED, details=details)


def _cut_off(context: Context) -> list[Path]:
    from workflow.project.scratch import cut_off  # flows that ask no project are quicker without

    return cut_off(context.settings.state_folder)


def _half_applied(context: Context) -> Half | None:
    from workflow.project.halves import half_applied

    return half_applied(context.settings.state_folder, context.settings.database)


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
