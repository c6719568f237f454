"""Applies what was rehearsed, and keeps it only where it did what the rehearsal did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workflow.actions.failing import find_failure, named_session
from workflow.actions.interrupted import Progress, what_stays
from workflow.actions.keeping import Kept
from workflow.errors import CouldNotCheck
from workflow.gates.pre_check import counted
from workflow.gates.rehearsal import describe_event
from workflow.outcome import StepResult, Verdict, verdict_of

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.context import Context

NAME = "apply"


def plan(context: Context) -> str:
    """Return what ``run`` would apply."""
    if context.rehearsed is None:
        return "nothing is pending"
    names = [f"would apply {app}.{name}" for app, name in context.rehearsed["plan"]]
    return "\n".join((*names, f"to the database {context.settings.database!r}"))


def run(context: Context) -> StepResult:
    """Apply. Raises CouldNotCheck where the database refuses; it is then as it was.

    A KeyboardInterrupt says how far it had come.
    """
    if context.rehearsed is None:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing is pending")
    from workflow.project.agent import AgentEnded  # flows that ask no project are quicker without

    kept, progress = Kept(context), Progress()

    def hear(event: Mapping[str, Any]) -> None:
        progress.hear(event)
        context.talk.progress(describe_progress(event))

    kept.begin()
    try:
        answer = context.agent.ask(
            "apply",
            database=context.settings.database,
            scratch=context.place.there(context.scratch.folder),
            rehearsed=context.rehearsed,
            patience=_patience(context.settings),
            on_event=hear,
        )
    except KeyboardInterrupt:
        kept.end("interrupted", None, ())
        context.end_agent()
        raise KeyboardInterrupt(what_stays(context, progress)) from None
    except AgentEnded as error:
        kept.end("errored", None, ())
        raise CouldNotCheck(f"{error}. {_after_kill(context)}", error.details) from error
    back = answer["back"] or {"taken": [], "evidence": []}
    try:
        findings = tuple(find_failure(context, answer))
    except CouldNotCheck:
        kept.end("errored", _what_stays(answer), (), back["taken"])
        raise
    verdict = verdict_of(findings, strict=False)
    codes = [finding.code for finding in findings]
    kept.end(verdict.value, _what_stays(answer), codes, back["taken"])
    failed = answer["failed"]
    return StepResult(
        NAME,
        verdict,
        (*findings, *kept.findings),
        details=failed["error"]["traceback"] if failed else _applied(answer),
        evidence=(*answer["evidence"], *back["evidence"]),
    )


def _what_stays(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows of the migrations that are in the database to stay."""
    if answer["restored"] is not None:
        return []
    taken = [] if answer["back"] is None else answer["back"]["taken"]
    return [row for row in answer["evidence"] if [row["app"], row["migration"]] not in taken]


def _patience(settings: Settings) -> dict[str, float | None]:
    return {
        "lock": settings.lock_seconds,
        "total": settings.retry_seconds,
        "statement": settings.statement_seconds,
    }


def describe_progress(event: Mapping[str, Any]) -> str:
    """Return what is under way, for how long, what it waits for and how far it has come."""
    parts = [describe_event(event)]
    if "seconds" in event:
        parts.append(f"{event['seconds']:g} s")
    if event.get("tries"):
        parts.append(f"no lock after {counted(event['tries'], 'try', 'tries')}")
    parts += [f"waiting for {named_session(one)}" for one in event.get("blocking") or ()]
    if (building := event.get("building")) is not None:
        done = "" if building["done"] is None else f" {building['done']:.0%}"
        parts.append(f"{building['phase']}{done}")
    return ", ".join(parts)


def _after_kill(context: Context) -> str:
    """See to it that the database is whole again after the agent was killed; say what it is.

    The turn went with the agent. Whoever had it since has found our note, and changed nothing.
    """
    assert context.rehearsed is not None  # noqa: S101 - or nothing would have been applied
    agent, database = context.restart_agent(), context.settings.database
    turn = agent.ask("turn", database=database, wait=context.words.wait)
    if not turn["held"]:
        then = "recover" if context.is_half_applied else "pre-check"
        return f"Somebody else has its turn now: run migration-workflow {then} after that."
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
