"""Drafts migrations from the models. Their text stays in memory until the gates have seen it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflow.context import DraftedFile, show_path
from workflow.errors import UsageError
from workflow.gates.drift import foreign_drift
from workflow.outcome import Finding, Severity, StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "draft"

_EMPTY = "no operations yet: write them before you apply it"


def run(context: Context) -> StepResult:
    """Draft what the models call for, asking what only a person can know."""
    _expect_known_labels(context)
    answers = dict(context.words.answers)
    while (answer := _ask_for_drafts(context, answers))["question"] is not None:
        question = answer["question"]
        reply = context.talk.ask(question["text"])
        if reply is None:
            return StepResult(NAME, Verdict.REFUSED, (_unanswered(question),))
        answers[question["key"]] = reply
    if "declined" in answer:
        return StepResult(NAME, Verdict.REFUSED, (_declined(answer["declined"]),))
    for draft in answer["drafts"]:
        draft["directory"] = str(context.place.here(draft["directory"]))
    context.drafted = tuple(_drafted(draft) for draft in answer["drafts"])
    details = "\n\n".join(describe(draft, context) for draft in answer["drafts"])
    result = context.judged(NAME, _foreign(context, answer["foreign"]), details=details)
    if not context.drafted and result.verdict is Verdict.PASSED:
        return result._replace(verdict=Verdict.SKIPPED, reason="no changes detected", details=None)
    return result


def describe(draft: dict[str, Any], context: Context) -> str:
    """Return a draft as a person wants to see it before it is written: plan and SQL."""
    path = Path(draft["directory"]) / draft["filename"]
    plan = [f"  - {operation}" for operation in draft["operations"]]
    sql = [f"  {line}" for statement in draft["sql"] for line in statement.splitlines()]
    none = "only joins the leaf nodes" if context.words.merge else _EMPTY
    return "\n".join(
        (
            show_path(path, context.settings.project),
            *(plan or [f"  - {none}"]),
            *(["", *sql] if sql else []),
        )
    )


def _ask_for_drafts(context: Context, answers: dict[str, str]) -> dict[str, Any]:
    words = context.words
    return context.agent.ask(
        "draft",
        database=context.settings.database,
        labels=list(words.labels),
        answers=answers,
        name=words.name,
        empty=words.empty,
        merge=words.merge,
    )


def _expect_known_labels(context: Context) -> None:
    words = context.words
    known = {app["label"] for app in context.facts["apps"]}
    own = set(context.state["own"])
    if words.empty and not words.labels:
        raise UsageError("--empty needs the label of the app that the migration is for")
    if words.name is not None and not words.name.isidentifier():
        raise UsageError(f"--name must be a Python identifier, not {words.name!r}")
    for label in words.labels:
        if label not in known:
            raise UsageError(f"there is no app {label!r}; the project's own are: {_joined(own)}")


def _joined(labels: set[str]) -> str:
    return ", ".join(sorted(labels)) or "none"


def _foreign(context: Context, foreign: dict[str, list[str]]) -> list[Finding]:
    """Return what was found in installed apps: an error where it was asked for by name."""
    findings = []
    for app, operations in foreign.items():
        finding = foreign_drift(app, operations)
        if app in context.words.labels:
            finding = finding._replace(severity=Severity.ERROR)
        findings.append(finding)
    return findings


def _drafted(draft: dict[str, Any]) -> DraftedFile:
    path = Path(draft["directory"]) / draft["filename"]
    return DraftedFile(draft["app"], draft["name"], path, draft["text"])


def _declined(instead: str) -> Finding:
    return Finding(
        "DRF104",
        Severity.ERROR,
        "You said no to what would have been drafted. Nothing was written.",
        f"Instead: {instead}.",
    )


def _unanswered(question: dict[str, str]) -> Finding:
    sample = {"yes-no": "yes", "python": "<Python value>"}[question["kind"]]
    return Finding(
        "DRF104",
        Severity.ERROR,
        f"{question['text']} Only a person can know, and there is no terminal to ask on. "
        "Nothing was written.",
        "Answer on the command line: migration-workflow makemigrations "
        f"--answer '{question['key']}={sample}'",
        data={"question": question["key"]},
    )
