"""Is anybody else migrating this database? One migrator at a time; the others wait or leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workflow.context import SHARED_SESSION
from workflow.errors import CouldNotCheck
from workflow.outcome import Finding, Severity, StepResult, Verdict, verdict_of
from workflow.project.agent import AgentFailed

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "turn"


def run(context: Context) -> StepResult:
    """Take this database's turn, which is kept until the flow ends."""
    if context.words.dry_run:
        return StepResult(NAME, Verdict.SKIPPED, reason="dry run")
    answer = _ask(context)
    if not answer["held"]:
        findings = (_not_ours(context, answer),)
        return StepResult(NAME, verdict_of(findings, strict=False), findings)
    context.has_turn = True
    if answer["changed"]:
        context.forget_state()
    return StepResult(NAME, Verdict.PASSED, details=_waited(answer))


def _ask(context: Context) -> dict[str, Any]:
    """Ask for the turn. Raises CouldNotCheck where none could be held."""
    try:
        return context.agent.ask(
            "turn",
            database=context.state["database"]["alias"],
            wait=context.words.wait,
            on_event=lambda event: context.talk.progress(f"waiting for {_named(event['holder'])}"),
        )
    except AgentFailed as error:
        if error.kind != SHARED_SESSION:
            raise
        raise CouldNotCheck(error.said) from error


def _not_ours(context: Context, answer: Mapping[str, Any]) -> Finding:
    return Finding(
        "DAT209",
        Severity.ERROR,
        f"{_named(answer['holder'])} is migrating the database {context.settings.database!r}, "
        f"and was not done within {answer['waited']:g} seconds. Two at once would apply the same "
        "migrations twice. Nothing was changed.",
        "Wait for it, longer if need be: migration-workflow migrate-safe --wait 3600",
        data={"holder": answer["holder"]},
    )


def _waited(answer: Mapping[str, Any]) -> str | None:
    if not answer["waited"]:
        return None
    then = ", which changed what is applied" if answer["changed"] else ""
    return f"waited {answer['waited']:.1f} s for {_named(answer['holder'])}{then}"


def _named(holder: Mapping[str, Any] | None) -> str:
    """Return who has the turn, as far as the server tells."""
    if holder is None:
        return "somebody else"
    about = [
        f"{word} {holder[part]}"
        for part, word in (
            ("session", "session"),
            ("user", "of the user"),
            ("address", "from"),
            ("since", "since"),
        )
        if holder[part]
    ]
    name = holder["name"] or "somebody else"
    return f"{name} ({', '.join(about)})" if about else name
