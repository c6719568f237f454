"""Is this machine ready: the project's Python, its variables, the hooks, the database?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.context import describe_database
from workflow.errors import CouldNotCheck
from workflow.outcome import Finding, Severity, StepResult, Verdict, verdict_of
from workflow.project.cause import Cause
from workflow.setup.env_file import lacking
from workflow.setup.git_hooks import has_our_hooks, lacking_hooks
from workflow.setup.look import look
from workflow.setup.manager import HOOK

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.setup.found import Found

NAME = "machine"


def run(context: Context) -> StepResult:
    """Look at everything that a developer needs, and name all that is missing."""
    if context.words.undo:
        return StepResult(NAME, Verdict.SKIPPED, reason="--undo")
    if context.words.dry_run:
        return StepResult(NAME, Verdict.SKIPPED, reason="dry run")
    if context.settings.variables.get("CI"):
        return StepResult(NAME, Verdict.SKIPPED, reason="CI is no developer's machine")
    found = look(context)
    findings = (*_variables(found), *_hooks(found), *_tool(found), *_project(context, found))
    return StepResult(
        NAME,
        verdict_of(findings, strict=context.words.strict),
        findings,
        details=_described(context),
    )


def _variables(found: Found) -> Iterator[Finding]:
    for example in lacking(found):
        name = found.shown(example.with_name(".env"))
        yield _missing(
            f"{name} is missing, and {found.shown(example)} says that the project wants it.",
            f"Copy it and fill it in: cp {found.shown(example)} {name}",
        )


def _hooks(found: Found) -> Iterator[Finding]:
    """Yield git's hooks that are not installed, although the repository has hooks of ours."""
    missing = lacking_hooks(found)
    if missing:
        yield _missing(
            f"git's hooks are not installed ({', '.join(missing)}): nothing is checked at a "
            "commit, nor at a push.",
            "Install them: migration-workflow setup-pre-commit",
        )


def _tool(found: Found) -> Iterator[Finding]:
    """Yield that the project's environment lacks this tool, where its hooks are run from there."""
    environment = found.host_environment
    if environment is None or not has_our_hooks(found):
        return
    program = Path(environment.value).with_name(HOOK)
    if not program.exists():
        yield _missing(
            f"{environment.value} has no {HOOK} beside it: the hooks that ask the project can't "
            "be run.",
            f"Add it to the project: {found.manager.add}",
        )


def _project(context: Context, found: Found) -> Iterator[Finding]:
    """Yield what keeps the project from running, or its database from being up to date."""
    try:
        _ = context.facts
    except Cause as error:
        yield error.finding
        return
    except CouldNotCheck as error:
        yield _missing(
            f"{error}.",
            f"Install what the project needs: {found.manager.install}. Then run: "
            "migration-workflow setup",
        )
        return
    try:
        pending = context.state["pending"]
    except CouldNotCheck as error:
        yield _missing(f"{error}.", "Start the database, then run: migration-workflow setup")
        return
    if pending:
        yield Finding(
            "CFG206",
            Severity.INFO,
            f"{len(pending)} migrations wait to be applied to the database.",
            "Apply them: migration-workflow migrate-safe",
        )


def _missing(message: str, fix: str) -> Finding:
    return Finding("CFG206", Severity.ERROR, message, fix)


def _described(context: Context) -> str | None:
    if "facts" not in context.__dict__:
        return None
    facts = context.facts
    database = facts["databases"].get(context.settings.database)
    lines = [
        f"python    {facts['python']} ({context.place.origin})",
        f"django    {facts['django']}, settings {facts['settings']}",
    ]
    if database is not None:
        lines.append(f"database  {describe_database(database)}")
    return "\n".join(lines)
