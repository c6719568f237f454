"""Runs what is pending on a throwaway copy of the database first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workflow.context import NO_SUCH_MIGRATION, show_path
from workflow.errors import CouldNotCheck, UsageError
from workflow.gates import locks, stand_in
from workflow.gates.pre_check import counted, listed, unloadable
from workflow.gates.running_release import broken_models, untried
from workflow.outcome import Finding, Severity, StepResult, Verdict
from workflow.project.agent import AgentFailed

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "rehearsal"


def run(context: Context) -> StepResult:
    """Rehearse. Raises CouldNotCheck where no copy can be made."""
    state = context.state
    if state["history"] is not None:
        return unloadable(NAME, context, state["history"])
    if state["conflicts"]:
        raise CouldNotCheck(f"several leaf nodes: {', '.join(state['conflicts'])}")
    if context.words.since is None and not state["wanted"]:
        return StepResult(NAME, Verdict.SKIPPED, reason=_why_nothing(context.words.until))
    answer = ask_about_migrations(
        context, "rehearse", part=[context.words.since, context.words.until]
    )
    if not answer["failed"] and not answer["plan"]:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing lies between")
    context.rehearsed = answer
    return context.judged(
        NAME,
        (
            *_failure(context, answer),
            *broken_models(context, answer),
            *locks.findings(context, answer),
            *stand_in.findings(answer["scratch"]),
        ),
        details=answer["failed"]["error"]["traceback"] if answer["failed"] else _describe(answer),
        evidence=tuple(answer["evidence"]),
        scratch=answer["scratch"],
    )


def _why_nothing(until: str | None) -> str:
    """Return why there is nothing to rehearse, and how it is all the same."""
    if until is None:
        return "nothing is pending"
    return f"{until} is applied; on an empty database: rehearse --from zero --to {until}"


def _describe(answer: Mapping[str, Any]) -> str:
    """Return where it was tried, and what was not: that is not passed over in silence."""
    lines = [stand_in.describe(answer["scratch"])]
    if names := untried(answer):
        lines.append(f"not tried with the models of the running release: {', '.join(names)}")
    return "\n".join(lines)


def ask_about_migrations(context: Context, question: str, **arguments: Any) -> dict[str, Any]:
    """Ask what takes scratch databases. Raises UsageError where the words name no migration."""
    try:
        return context.ask_on_scratch(
            question,
            on_event=lambda event: context.talk.progress(describe_event(event)),
            **arguments,
        )
    except AgentFailed as error:
        if error.kind != NO_SUCH_MIGRATION:
            raise
        raise UsageError(error.said) from error


def describe_event(event: Mapping[str, Any]) -> str:
    """Return what the agent is doing, in one line."""
    named = (event["app"], event["migration"]) if "migration" in event else ()
    return " ".join((event["doing"], ".".join(named))).rstrip()


def quoted(error: Mapping[str, Any]) -> str:
    """Return what an exception said, as the end of a sentence."""
    said = f"{error['type']}: {error['message']}".strip().rstrip(":")
    return said if said.endswith((".", "!", "?")) else said + "."


def where_it_failed(context: Context, failed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a finding that say where a migration failed."""
    return {
        "app": failed["app"],
        "migration": failed["migration"],
        "operation": failed["operation"],
        "path": show_path(context.place.here(failed["path"]), context.settings.project),
        "line": failed["line"],
    }


def _failure(context: Context, answer: Mapping[str, Any]) -> Iterator[Finding]:
    failed = answer["failed"]
    if failed is None:
        return
    error = failed["error"]
    name = f"{failed['app']}.{failed['migration']}"
    if error["type"] == "OtherDatabaseError":
        yield Finding(
            "DAT202",
            Severity.ERROR,
            f"{name} can't be rehearsed: {quoted(error)} A migration that reaches into a "
            "second database can't be tried out without changing that one.",
            "Write the change for the other database as a migration that runs there "
            "(allow_migrate in a router), and use schema_editor.connection.alias here.",
            **where_it_failed(context, failed),
        )
        return
    if answer["built"]:
        yield Finding(
            "DAT206",
            Severity.ERROR,
            f"{name} fails on an empty database: {quoted(error)} Whoever starts with an empty "
            "database (a new colleague, CI, a test run) stops there.",
            "Correct the migration, then run: migration-workflow test-migrations-clean",
            **where_it_failed(context, failed),
        )
        return
    yield Finding(
        "DAT201",
        Severity.ERROR,
        f"{name} fails on a copy of the database: {quoted(error)} {_rows_in_the_way(failed)}"
        "Applied for real it would stop there, and whatever waits for it with it.",
        "Nothing was changed. Correct the migration, or the rows that it stumbles over, then "
        "run: migration-workflow migrate-safe",
        **where_it_failed(context, failed),
        data={
            "error": f"{error['type']}: {error['message']}",
            "in_the_way": failed["in_the_way"],
        },
    )


def _rows_in_the_way(failed: Mapping[str, Any]) -> str:
    """Return how many rows are why, and the queries that show them."""
    return "".join(
        f"{item['model']} has {counted(item['rows'], 'row', 'rows')} {item['kind']} "
        f"({item['query']}{_once(item['lacks'])}). "
        for item in failed["in_the_way"]
    )


def _once(lacks: list[str]) -> str:
    """Return from when on a query can be run that names what the plan only makes."""
    if not lacks:
        return ""
    return f"; it can be run once {listed(lacks)} {'is' if len(lacks) == 1 else 'are'} there"
