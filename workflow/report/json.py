"""The report as one JSON document, for programs. Its form is a contract: see the architecture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from workflow import __version__

if TYPE_CHECKING:
    from workflow.outcome import Finding, Report, StepResult

SCHEMA = 1
"""Grows when a program that reads the document would have to change."""


def render(report: Report) -> str:
    """Return the document, ending in a new line."""
    document = {
        "schema": SCHEMA,
        "tool": __version__,
        "flow": report.flow,
        "verdict": report.verdict.value,
        "gates": [_step(step) for step in report.steps],
        "history": None if report.history is None else report.history._asdict(),
        "seconds": round(report.seconds, 6),
    }
    return json.dumps(document, indent=2, default=str) + "\n"


def _step(step: StepResult) -> dict[str, Any]:
    rendered: dict[str, Any] = {
        "name": step.name,
        "verdict": step.verdict.value,
        "seconds": round(step.seconds, 6),
        "reason": step.reason,
        "findings": [_finding(finding) for finding in step.findings],
    }
    if step.evidence:
        rendered["evidence"] = [dict(row) for row in step.evidence]
    if step.scratch:
        rendered["scratch"] = dict(step.scratch)
    return rendered


def _finding(finding: Finding) -> dict[str, Any]:
    rendered = {
        **finding._asdict(),
        "severity": finding.severity.value,
        "data": dict(finding.data),
    }
    waived = rendered.pop("waived")
    if waived is not None:
        rendered["waived"] = waived._asdict()
    return rendered
