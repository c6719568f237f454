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
        main=_on_main(context),
        keep=not context.words.dry_run,
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
    if answer["proven"]:
        lines[0] += f", and {answer['proven']} in an earlier run"
    if answer["held"]:
        names = [f"{app}.{name}" for app, name in answer["held"]]
        lines.append(f"not taken back, because what stays depends on them: {', '.join(names)}")
    if "kept" in answer["scratch"]:
        lines += _describe_kept(answer["scratch"]["kept"])
    lines.append(stand_in.describe(answer["scratch"]))
    return "\n".join(lines)


def _describe_kept(kept: Mapping[str, Any]) -> Iterator[str]:
    """Yield how much was taken from a kept database, and what is in the way of more."""
    yield f"from a kept database: {kept['migrations']} of {kept['of']} migrations"
    if kept["ends"] is not None:
        app, name, why = kept["ends"]
        where = "nothing" if app is None else f"nothing from {app}.{name} on"
        yield f"{where} can be kept, because {why}"
    if kept["failed"] is not None:
        yield f"nothing was kept: {kept['failed']}"


def _on_main(context: Context) -> list[list[str]] | None:
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
    if answer["after_main"] is not None:
        yield from _after_main(context, answer["after_main"])
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


def _after_main(context: Context, found: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong where the new migrations come after all that the main branch has."""
    fix = (
        "Name in its dependencies what a migration needs, so that there is one order for "
        "everybody, then run: migration-workflow test-migrations-clean"
    )
    failed, differences = found["failed"], found["differences"]
    if failed is not None:
        yield Finding(
            "DRF106",
            Severity.ERROR,
            f"{failed['app']}.{failed['migration']} fails on a database that has all that the "
            f"main branch has: {quoted(failed['error'])} On an empty database, where it comes "
            "earlier, it does not.",
            fix,
            **where_it_failed(context, failed),
        )
    elif differences:
        yield Finding(
            "DRF106",
            Severity.ERROR,
            "Who has all that the main branch has gets another schema than who begins with an "
            f"empty database: {listed(differences)}.",
            fix,
            data={"differences": differences},
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
