"""Would the history still be sound with the drafted files in it? Looked at before they exist."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.context import show_path
from workflow.outcome import Finding, Severity, StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context, DraftedFile

NAME = "validate-draft"


def run(context: Context) -> StepResult:
    """Check where each draft would go, and the whole history as it would then be."""
    if not context.drafted:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing was drafted")
    return context.judged(NAME, (*_places(context), *_rules(context)))


def _rules(context: Context) -> Iterator[Finding]:
    """Yield what the drafts bring; what was wrong before them is not theirs."""
    from workflow import rules

    before = {_identity(finding) for finding in context.findings}
    for finding in rules.check(context.read_history(overlay_of(context))):
        if _identity(finding) not in before:
            yield finding


def overlay_of(context: Context) -> dict[Path, str]:
    """Return the files that the drafts bring, with the packages that they need."""
    overlay = {draft.path: draft.text for draft in context.drafted}
    for draft in context.drafted:
        package = draft.path.parent / "__init__.py"
        if not package.exists():
            overlay[package] = ""
    return overlay


def _identity(finding: Finding) -> tuple[str, str | None, str | None, str]:
    return finding.code, finding.path, finding.migration, finding.message


def _places(context: Context) -> Iterator[Finding]:
    for draft in context.drafted:
        if (message := _wrong_place(draft, context.settings.project)) is not None:
            yield Finding(
                "ENV105",
                Severity.ERROR,
                message,
                "Nothing was written. Run: migration-workflow enforce-dev-environment",
                app=draft.app,
                migration=draft.name,
                path=show_path(draft.path, context.settings.project),
            )


def _wrong_place(draft: DraftedFile, project: Path) -> str | None:
    real = Path(os.path.realpath(draft.path))
    where = f"{draft.app}.{draft.name} would be written to {draft.path}"
    if not real.is_relative_to(os.path.realpath(project)):
        return f"{where}, which is outside the project: it would be lost or hit somebody else."
    if draft.path.exists():
        return f"{where}, where a file is already."
    return None
