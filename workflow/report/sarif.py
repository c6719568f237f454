"""The report as SARIF 2.1.0, which code scanning of many hosts and editors reads.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from workflow import __version__
from workflow.outcome import EXIT_CODES, Severity, Verdict
from workflow.report.harmless import harmless
from workflow.report.located import Located, located, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workflow.outcome import Finding, Report, Waived

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
ROOT = "%SRCROOT%"
"""What the root of the repository is called, by whoever reads the document."""

FULL_DESCRIPTION = 1000
"""Characters of a rule's description that are shown: GitHub takes 1024."""


def render(report: Report) -> str:
    """Return the document, with one run: the flow."""
    items = list(located(report))
    codes = sorted({item.finding.code for item in items})
    run = {
        "tool": {
            "driver": {
                "name": "migration-workflow",
                "semanticVersion": __version__,
                "rules": [_rule(code, report.pages.get(code)) for code in codes],
            }
        },
        "automationDetails": {"id": f"migration-workflow/{report.flow}/"},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, codes) for item in items],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str, page: str | None) -> dict[str, Any]:
    if page is None:
        return {"id": code}
    title = page.partition("\n")[0].partition(": ")[2]
    why = " ".join(_section(page, "Why it bites").split())
    return {
        "id": code,
        "shortDescription": {"text": title},
        "fullDescription": {"text": why[:FULL_DESCRIPTION] or title},
        "help": {"text": page, "markdown": page},
    }


def _section(page: str, heading: str) -> str:
    """Return the first paragraph below a heading."""
    return page.partition(f"\n## {heading}\n\n")[2].partition("\n\n")[0]


def _invocation(report: Report) -> dict[str, Any]:
    return {
        "executionSuccessful": report.verdict is not Verdict.ERRORED,
        "exitCode": EXIT_CODES[report.verdict],
        "exitCodeDescription": report.verdict.value,
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": harmless(step.reason or "")},
                "descriptor": {"id": step.name},
            }
            for step in report.steps
            if step.verdict is Verdict.ERRORED
        ],
    }


def _result(item: Located, codes: Sequence[str]) -> dict[str, Any]:
    finding = item.finding
    result = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": LEVELS[finding.severity],
        "message": {"text": sentences(finding)},
        "locations": [_location(item)],
        "partialFingerprints": {"migration/v1": item.fingerprint},
        "properties": {"gate": item.step, **_facts(finding)},
    }
    if finding.waived is not None:
        result["suppressions"] = [_suppression(finding.waived)]
    return result


def _location(item: Located) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {
                "uri": quote(item.path, errors="backslashreplace"),
                "uriBaseId": ROOT,
            },
            "region": {"startLine": item.line},
        }
    }
    finding = item.finding
    if finding.migration is not None:
        name = harmless(f"{finding.app}.{finding.migration}")
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "module"}]
    return location


def _facts(finding: Finding) -> dict[str, Any]:
    facts = {"migration": finding.migration, "app": finding.app, "operation": finding.operation}
    return {
        name: harmless(fact) if isinstance(fact, str) else fact
        for name, fact in facts.items()
        if fact is not None
    }


def _suppression(waived: Waived) -> dict[str, Any]:
    kind = "inSource" if waived.by == "inline" else "external"
    return {"kind": kind, "justification": harmless(waived.reason)}
