"""The report as JUnit's XML, which nearly every CI system reads: each gate is a test case."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from workflow.outcome import Severity, Verdict
from workflow.report.harmless import harmless
from workflow.report.located import path_in_repository, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.outcome import Finding, Report, StepResult

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
SKIPPED = {Verdict.SKIPPED, Verdict.NOT_REACHED}


def render(report: Report) -> str:
    """Return the document: one suite, which is the flow."""
    verdicts = [step.verdict for step in report.steps]
    counts = {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count(Verdict.REFUSED)),
        "errors": str(verdicts.count(Verdict.ERRORED)),
        "skipped": str(sum(verdict in SKIPPED for verdict in verdicts)),
        "time": f"{report.seconds:.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "migration-workflow", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": report.flow, **counts})
    for step in report.steps:
        _add_case(suite, report, step)
    ElementTree.indent(root)
    return DECLARATION + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_case(suite: ElementTree.Element, report: Report, step: StepResult) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", name=step.name, classname=report.flow, time=f"{step.seconds:.3f}"
    )
    told = _told(report, step.findings)
    if step.verdict is Verdict.REFUSED:
        _add(case, "failure", f"refused: {', '.join(_codes(step))}", told)
        return
    if step.verdict is Verdict.ERRORED:
        _add(case, "error", step.reason or "", step.details or "")
    elif step.verdict in SKIPPED:
        _add(case, "skipped", step.reason or "an earlier gate stopped the flow", "")
    if told:
        ElementTree.SubElement(case, "system-out").text = told


def _codes(step: StepResult) -> Iterable[str]:
    """Return the codes of what may refuse, each once."""
    return dict.fromkeys(
        finding.code
        for finding in step.findings
        if finding.severity is not Severity.INFO and finding.waived is None
    )


def _add(case: ElementTree.Element, tag: str, message: str, text: str) -> None:
    element = ElementTree.SubElement(case, tag, message=harmless(message))
    element.text = harmless(text) or None


def _told(report: Report, findings: Iterable[Finding]) -> str:
    return "\n\n".join(f"{_heading(report, finding)}\n{sentences(finding)}" for finding in findings)


def _heading(report: Report, finding: Finding) -> str:
    place = ""
    if finding.path is not None:
        place = f"  {harmless(path_in_repository(report, finding.path))}"
        place += "" if finding.line is None else f":{finding.line}"
    waived = "" if finding.waived is None else f", waived: {harmless(finding.waived.reason)}"
    return f"{finding.code} {finding.severity.value}{waived}{place}"
