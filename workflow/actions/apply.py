"""Applies what was rehearsed, and keeps it only where it did what the rehearsal did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.gates.rehearsal import describe_event
from workflow.outcome import Finding, Severity, StepResult, Verdict, verdict_of

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "apply"


def plan(context: Context) -> str:
    """Return what ``run`` would apply."""
    if context.rehearsed is None:
        return "nothing is pending"
    names = [f"would apply {app}.{name}" for app, name in context.rehearsed["plan"]]
    return "\n".join((*names, f"to the database {context.settings.database!r}"))


def run(context: Context) -> StepResult:
    """Apply. Raises CouldNotCheck where the database refuses; it is then as it was."""
    if context.rehearsed is None:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing is pending")
    answer = context.agent.ask(
        "apply",
        database=context.settings.database,
        scratch=str(context.scratch.folder),
        rehearsed=context.rehearsed,
        on_event=lambda event: context.talk.progress(describe_event(event)),
    )
    findings = tuple(_findings(answer))
    failed = answer["failed"]
    return StepResult(
        NAME,
        verdict_of(findings, strict=False),
        findings,
        details=failed["error"]["traceback"] if failed else _applied(answer),
        evidence=tuple(answer["evidence"]),
    )


def _applied(answer: Mapping[str, Any]) -> str:
    return "\n".join(f"applied {row['app']}.{row['migration']}" for row in answer["evidence"])


def _findings(answer: Mapping[str, Any]) -> Iterator[Finding]:
    failed = answer["failed"]
    if failed is not None:
        error = failed["error"]
        if failed["app"] is None:
            raise CouldNotCheck(
                f"the database could not be migrated: {error['type']}: {error['message']} "
                + _where_it_stands(answer),
                error["traceback"],
            )
        yield Finding(
            "DAT204",
            Severity.ERROR,
            f"{failed['app']}.{failed['migration']} failed, although its rehearsal did not: "
            f"{error['type']}: {error['message']} {_where_it_stands(answer)}",
            "Something differs between the copy and the database, such as a lock or rows that "
            "came in between. Run again: migration-workflow migrate-safe",
            app=failed["app"],
            migration=failed["migration"],
            operation=failed["operation"],
        )
    elif answer["differences"]:
        first, *rest = answer["differences"]
        yield Finding(
            "DAT203",
            Severity.ERROR,
            f"Not applied: {first} ({'; '.join(rest[:5])}). {_where_it_stands(answer)}",
            "If somebody else used the database meanwhile, run again: "
            "migration-workflow migrate-safe",
            data={"differences": rest},
        )


def _where_it_stands(answer: Mapping[str, Any]) -> str:
    done = [f"{row['app']}.{row['migration']}" for row in answer["evidence"]]
    stands: dict[str | None, str] = {
        "rolled back": "The database was rolled back: it is as it was before.",
        "snapshot put back": "The snapshot was put back: the database is as it was before.",
        None: "What was applied before that stays applied: " + (", ".join(done) or "nothing") + ".",
    }
    return stands[answer["restored"]]
