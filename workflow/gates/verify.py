"""Reads the migrated database afresh: is it what the rehearsal promised?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity, StepResult, Verdict, verdict_of

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "verify"


def run(context: Context) -> StepResult:
    """Compare schema and recorded history with the rehearsal's."""
    rehearsed = context.rehearsed
    if rehearsed is None:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing was applied")
    if context.words.dry_run:
        return StepResult(NAME, Verdict.SKIPPED, reason="dry run")
    found = context.agent.ask("verify", database=context.settings.database)
    differing = [part for part in ("schema", "history") if found[part] != rehearsed["after"][part]]
    findings = tuple(
        Finding(
            "DAT205",
            Severity.ERROR,
            f"The {part} of the database is not what was rehearsed. Somebody else changed it "
            "right after it was migrated.",
            "Find out who; then run: migration-workflow check-migrations",
        )
        for part in differing
    )
    return StepResult(NAME, verdict_of(findings, strict=False), findings)
