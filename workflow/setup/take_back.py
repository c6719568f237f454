"""Takes back what ``setup`` wrote, by its record: exactly that, and nothing changed since."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.outcome import Finding, Severity, StepResult, Verdict, verdict_of
from workflow.setup.git_hooks import uninstall
from workflow.setup.look import look
from workflow.setup.pre_commit_config import NAME as HOOKS_FILE
from workflow.setup.record import Kept, Record, as_edit, read_record, still_there, taken_back
from workflow.setup.writing import Edit, show, write_all

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "take-back"


def plan(context: Context) -> str:
    """Return the diff of what ``run`` would take back."""
    if not context.words.undo:
        return "nothing to take back"
    found = look(context)
    edits, kept = taken_back(read_record(found.home), found.home)
    told = [f"{one.path} stays: {one.why}" for one in kept]
    return "\n".join((show(edits, found.top) or "nothing to take back", *told))


def run(context: Context) -> StepResult:
    """Take it back once a person agrees. Raises CouldNotCheck where nobody does."""
    if not context.words.undo:
        return StepResult(NAME, Verdict.SKIPPED, reason="no --undo")
    found = look(context)
    record = read_record(found.home)
    if record.is_empty:
        return StepResult(NAME, Verdict.SKIPPED, reason="setup has written nothing here")
    edits, kept = taken_back(record, found.home)
    findings = tuple(map(_finding, kept))
    edits.append(as_edit(still_there(record, kept), found.home))
    _ask(context, edits, found.top)
    write_all(edits)
    _remove_folders(record, found.home)
    if any(edit.path == found.top / HOOKS_FILE and edit.after is None for edit in edits):
        uninstall(found)
    done = "\n".join(f"took back {found.shown(edit.path)}" for edit in edits)
    return StepResult(
        NAME, verdict_of(findings, strict=context.words.strict), findings, details=done
    )


def _ask(context: Context, edits: Sequence[Edit], top: Path) -> None:
    if context.words.yes:
        return
    diff = show(edits, top)
    context.talk.show(diff)
    if context.talk.ask("Type yes to take this back.") != "yes":
        raise CouldNotCheck("say yes, or give --yes. Nothing was changed", diff)


def _remove_folders(record: Record, home: Path) -> None:
    for name in reversed(record.folders):
        with suppress(OSError):  # something of theirs is in it
            (home / name).rmdir()


def _finding(kept: Kept) -> Finding:
    return Finding(
        "CFG205",
        Severity.WARNING,
        f"{kept.path} was not taken back, because it was changed after setup had written to it.",
        f"Remove by hand what you need no longer. {kept.why}",
        path=kept.path,
    )
