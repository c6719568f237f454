"""Records a migration as applied without running it, with the reason in the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from workflow.actions.failing import AGAIN
from workflow.actions.keeping import described
from workflow.context import show_path
from workflow.errors import CouldNotCheck
from workflow.gates.pre_check import NAMED, database_of, listed
from workflow.gates.rehearsal import ask_about_migrations, quoted
from workflow.journal import Journal
from workflow.outcome import Finding, Severity, StepResult, Verdict, verdict_of

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "fake"


def plan(context: Context) -> str:
    """Return what ``run`` would record."""
    database = context.settings.database
    return f"would record {context.words.fake} as applied to {database!r}, without running it"


def run(context: Context) -> StepResult:
    """Record it. Raises CouldNotCheck where the journal can't be written: then nothing is."""
    answer = ask_about_migrations(context, "faked", name=context.words.fake)
    app, name = answer["migration"]
    if answer["applied"]:
        return StepResult(NAME, Verdict.SKIPPED, reason=f"{app}.{name} is recorded already")
    findings = tuple(_findings(context, answer))
    verdict = verdict_of(findings, strict=context.words.strict)
    if verdict is Verdict.PASSED:
        _record(context, app, name, [finding.code for finding in findings])
    return StepResult(NAME, verdict, findings, scratch=answer["scratch"])


def _findings(context: Context, answer: Mapping[str, Any]) -> Iterator[Finding]:
    app, migration = answer["migration"]
    name, database = f"{app}.{migration}", context.settings.database
    if answer["first"]:
        first = [".".join(key) for key in answer["first"]]
        yield Finding(
            "DAT215",
            Severity.ERROR,
            f"{name} can't be recorded as applied to the database {database!r} before what it "
            f"comes after: {listed(first)}. Nothing was recorded.",
            f"Apply that first: migration-workflow migrate-safe --to {first[-1]}",
            app=app,
            migration=migration,
        )
        return
    unlike, unseen = answer["differences"], _unseen(answer)
    severity = Severity.WARNING if unlike or answer["failed"] else Severity.INFO
    is_recorded = severity is Severity.INFO or not context.words.strict
    recorded = "was recorded as applied, and not run" if is_recorded else "was not recorded"
    differs = f" The schema is not what it makes: {'; '.join(unlike[:NAMED])}." if unlike else ""
    yield Finding(
        "DAT215",
        severity,
        f"{name} {recorded} (database {database!r}). The reason: {context.words.reason}."
        f"{differs}{unseen}",
        _how_to_even_out(context, answer, is_recorded=is_recorded) if unlike else None,
        app=app,
        migration=migration,
        data={"reason": context.words.reason, "differences": unlike},
    )


def _how_to_even_out(context: Context, answer: Mapping[str, Any], *, is_recorded: bool) -> str:
    """Return how the schema becomes what the migration makes. Once recorded, nothing compares it.

    ``check-migrations`` would not: it compares the models with the migrations.
    """
    by_hand = "Make the schema what the migration makes, by hand"
    if not is_recorded:
        return f"{by_hand}, and record it then. Or run it: {AGAIN}"
    alias = context.settings.database
    other = "" if alias == "default" else f" --database {alias}"
    back = f"manage.py migrate --fake {answer['migration'][0]} {answer['previous']}{other}"
    return (
        f"{by_hand}: now that it is recorded, nothing compares the two again. Or take the record "
        f"back, '{back}', and run it: {AGAIN}"
    )


def _unseen(answer: Mapping[str, Any]) -> str:
    """Return what was not compared: that is not passed over in silence."""
    said = ""
    if answer["failed"]:
        said += (
            f" What it makes could not be tried on an empty database: {quoted(answer['failed'])}"
        )
    if answer["code"]:
        said += " It has code or SQL: what that would have done to rows was not compared."
    return said


def _record(context: Context, app: str, name: str, codes: list[str]) -> None:
    journal = Journal(context.settings.state_folder)
    rows = list(described(context, [(app, name)]))
    try:
        run = journal.begin(database_of(context), context.git, rows, context.words.reason)
    except OSError as error:
        place = show_path(journal.path, context.settings.project)
        raise CouldNotCheck(
            f"the journal {place} can't be written: {error.strerror}. Without the reason in it "
            "nothing is recorded as applied"
        ) from error
    context.agent.ask("record", database=context.settings.database, name=f"{app}.{name}")
    row = {"app": app, "migration": name, "seconds": 0, "statements": 0}
    with suppress(OSError):  # the reason is written
        journal.end(run, "passed", [row], codes)
