"""The report as a Code Quality document, which GitLab shows in a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workflow.outcome import Severity, Verdict
from workflow.report.harmless import harmless
from workflow.report.located import located, path_in_repository, sentences

if TYPE_CHECKING:
    from workflow.outcome import Report

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}
UNCHECKED = "blocker"


def render(report: Report) -> str:
    """Return the document: a list with one entry for each finding that nobody accepted."""
    return json.dumps(list(_issues(report)), indent=2) + "\n"


def _issues(report: Report) -> Iterator[dict[str, Any]]:
    for step in report.steps:
        if step.verdict is Verdict.ERRORED:
            said = f"{step.name} could not be checked: {step.reason}"
            place = path_in_repository(report, None)
            yield _issue(said, step.name, f"{report.flow}-{step.name}", UNCHECKED, place, 1)
    for item in located(report):
        finding = item.finding
        if finding.waived is None:
            yield _issue(
                sentences(finding),
                finding.code,
                item.fingerprint,
                SEVERITIES[finding.severity],
                item.path,
                item.line,
            )


def _issue(  # noqa: PLR0913, PLR0917 - the parts of an entry
    description: str, check: str, fingerprint: str, severity: str, path: str, line: int
) -> dict[str, Any]:
    return {
        "type": "issue",
        "description": harmless(description),
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": harmless(path), "lines": {"begin": line}},
    }
