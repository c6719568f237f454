"""Applies what was rehearsed, and keeps it only where it did what the rehearsal did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.gates.rehearsal import describe_event, quoted, where_it_failed
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
    from workflow.project.agent import AgentEnded  # flows that ask no project are quicker without

    try:
        answer = context.agent.ask(
            "apply",
            database=context.settings.database,
            scratch=context.place.there(context.scratch.folder),
            rehearsed=context.rehearsed,
            on_event=lambda event: context.talk.progress(describe_event(event)),
        )
    except AgentEnded as error:
        raise CouldNotCheck(f"{error}. {_after_kill(context)}", error.details) from error
    findings = tuple(_findings(context, answer))
    failed = answer["failed"]
    return StepResult(
        NAME,
        verdict_of(findings, strict=False),
        findings,
        details=failed["error"]["traceback"] if failed else _applied(answer),
        evidence=tuple(answer["evidence"]),
    )


def _after_kill(context: Context) -> str:
    """See to it that the database is whole again after the agent was killed; say what it is."""
    assert context.rehearsed is not None  # noqa: S101 - or nothing would have been applied
    agent, database = context.restart_agent(), context.settings.database
    if context.is_half_applied:
        answer = agent.ask(
            "restore", database=database, folder=context.place.there(context.scratch.folder)
        )
        if not answer["proved"]:
            return "The database could not be put back: run migration-workflow recover."
        context.scratch.discard_note()
        return "The snapshot was put back: the database is as it was before."
    found = agent.ask("verify", database=database)
    for moment, words in (("before", "as it was before"), ("after", "migrated as rehearsed")):
        if all(found[part] == context.rehearsed[moment][part] for part in ("schema", "history")):
            return f"The database is {words}."
    return "The database is neither as it was nor as rehearsed: run migration-workflow pre-check."


def _applied(answer: Mapping[str, Any]) -> str:
    return "\n".join(f"applied {row['app']}.{row['migration']}" for row in answer["evidence"])


def _findings(context: Context, answer: Mapping[str, Any]) -> Iterator[Finding]:
    failed = answer["failed"]
    if failed is not None:
        error = failed["error"]
        if failed["app"] is None:
            raise CouldNotCheck(
                f"the database could not be migrated: {quoted(error)} " + _where_it_stands(answer),
                error["traceback"],
            )
        yield Finding(
            "DAT204",
            Severity.ERROR,
            f"{failed['app']}.{failed['migration']} failed, although its rehearsal did not: "
            f"{quoted(error)} {_where_it_stands(answer)}",
            "Something differs between the copy and the database, such as a lock or rows that "
            "came in between. Run again: migration-workflow migrate-safe",
            **where_it_failed(context, failed),
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
        "untouched": "The database was not touched: it is as it was before.",
        "snapshot put back": "The snapshot was put back: the database is as it was before.",
        None: "What was applied before that stays applied: " + (", ".join(done) or "nothing") + ".",
    }
    return stands[answer["restored"]]
