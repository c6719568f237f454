"""Does the history build a database from nothing, lead back, and forward to the same schema?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from workflow.gates import stand_in
from workflow.gates.pre_check import counted, listed, unloadable
from workflow.gates.rehearsal import describe_event, quoted, where_it_failed
from workflow.outcome import Finding, Severity, StepResult

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "clean"


def run(context: Context) -> StepResult:
    """Build on an empty scratch database. Raises CouldNotCheck where there can be none."""
    history = context.state["history"]
    if history is not None:
        return unloadable(NAME, context, history)
    answer = context.ask_on_scratch(
        "clean",
        kept=_kept(context),
        on_event=lambda event: context.talk.progress(describe_event(event)),
    )
    return context.judged(
        NAME,
        (*_findings(context, answer), *stand_in.findings(answer["scratch"])),
        details=answer["failed"]["error"]["traceback"] if answer["failed"] else _describe(answer),
        evidence=tuple(answer["evidence"]),
        scratch=answer["scratch"],
    )


def _describe(answer: Mapping[str, Any]) -> str:
    """Return how far back the way led: what was not tried is not passed over in silence."""
    lines = [f"back and forward again: {counted(len(answer['back']), 'migration', 'migrations')}"]
    if answer["held"]:
        names = [f"{app}.{name}" for app, name in answer["held"]]
        lines.append(f"not taken back, because what stays depends on them: {', '.join(names)}")
    lines.append(stand_in.describe(answer["scratch"]))
    return "\n".join(lines)


def _kept(context: Context) -> list[list[str]] | None:
    """Return the migrations that were there when this branch left the main branch."""
    git = context.git
    if git.branch_point is None:
        return None
    paths = {PurePosixPath(path) for path in git.files_at(git.branch_point) or ()}
    return [
        list(key)
        for key, migration in context.history.migrations.items()
        if PurePosixPath(migration.path) in paths
    ]


def _findings(context: Context, answer: Mapping[str, Any]) -> Iterator[Finding]:
    failed = answer["failed"]
    if failed is not None:
        yield _failed(context, failed, answer["phase"])
    if answer["differences"]:
        yield Finding(
            "DRF105",
            Severity.ERROR,
            "Going back and forward again leads to another schema: "
            f"{listed(answer['differences'])}. A way back that loses something can't be taken.",
            "Make the reverse of the migrations that touch it complete, or declare them "
            "irreversible by leaving the reverse out.",
            data={"differences": answer["differences"]},
        )
    for app, name in answer["stopped_at"]:
        yield Finding(
            "DAT207",
            Severity.WARNING,
            f"{app}.{name} can't be reversed: whoever has applied it can't go back below it.",
            "Give its RunPython or RunSQL a reverse; where there is nothing to undo, "
            "RunPython.noop or RunSQL.noop says so.",
            app=app,
            migration=name,
        )


def _failed(context: Context, failed: Mapping[str, Any], phase: str) -> Finding:
    error = failed["error"]
    forward = phase == "forward"
    consequence = (
        "Whoever starts with an empty database (a new colleague, CI, a test run) stops there."
        if forward
        else "It says that it can be reversed, and in need it can't."
    )
    where = {"forward": "on an empty database", "back": "on the way back"}.get(
        phase, "when it is applied again"
    )
    return Finding(
        "DAT206" if forward else "DAT208",
        Severity.ERROR,
        f"{failed['app']}.{failed['migration']} fails {where}: {quoted(error)} {consequence}",
        "Correct the migration, then run: migration-workflow test-migrations-clean",
        **where_it_failed(context, failed),
    )
