"""Writes what the repository lacks: shown as a diff, agreed to, and all of it or nothing."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.outcome import Finding, Severity, StepResult, Verdict, verdict_of
from workflow.setup.look import look
from workflow.setup.proposal import Proposal, propose
from workflow.setup.record import as_edit, read_record, recorded
from workflow.setup.writing import Edit, show, write_all

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.setup.found import Found

NAME = "adopt"


def plan(context: Context) -> str:
    """Return the diff of what ``run`` would write."""
    if context.words.undo:
        return "nothing to write"
    found = look(context)
    proposal = propose(found)
    told = [f"{finding.message}\n{finding.fix or ''}" for finding in proposal.findings]
    return "\n".join((show(proposal.edits, found.top) or "nothing to write", *told))


def run(context: Context) -> StepResult:
    """Write it once a person agrees. Raises CouldNotCheck where nobody does."""
    if context.words.undo:
        return StepResult(NAME, Verdict.SKIPPED, reason="--undo")
    found = look(context)
    proposal = propose(found)
    findings = proposal.findings
    if context.words.check:
        findings = (*findings, *_missing(proposal, found))
    verdict = verdict_of(findings, strict=context.words.strict)
    if verdict is not Verdict.PASSED or context.words.check:
        return StepResult(NAME, verdict, findings)
    if not proposal.edits:
        return StepResult(NAME, Verdict.SKIPPED, findings, reason="nothing is missing")
    edits = (*proposal.edits, _record(proposal, found))
    _ask(context, edits, found)
    write_all(edits)
    return StepResult(NAME, verdict, findings, details=_written(edits, found))


def _record(proposal: Proposal, found: Found) -> Edit:
    record = recorded(read_record(found.home), proposal.edits, found.home)
    return as_edit(record, found.home)


def _ask(context: Context, edits: tuple[Edit, ...], found: Found) -> None:
    if context.words.yes:
        return
    diff = show(edits, found.top)
    context.talk.show(diff)
    if context.talk.ask("Type yes to write this.") != "yes":
        raise CouldNotCheck("say yes, or give --yes. Nothing was changed", diff)


def _written(edits: tuple[Edit, ...], found: Found) -> str:
    names = [found.shown(edit.path) for edit in edits]
    lines = [
        f"{'wrote' if edit.before is None else 'added to'} {name}"
        for edit, name in zip(edits, names, strict=True)
    ]
    if found.git.top is not None:
        lines.append(f"Commit it: git add {shlex.join(names)}")
    return "\n".join(lines)


def _missing(proposal: Proposal, found: Found) -> list[Finding]:
    return [
        Finding(
            "CFG201",
            Severity.ERROR,
            f"{found.shown(edit.path)} lacks {about}."
            if edit.before is not None
            else f"{found.shown(edit.path)} is missing: {about}.",
            "See what would be written: migration-workflow setup --dry-run. Write it: "
            "migration-workflow setup",
            path=found.shown(edit.path),
        )
        for edit, about in zip(proposal.edits, proposal.abouts, strict=True)
    ]
