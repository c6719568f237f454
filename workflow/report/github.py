"""The report as workflow commands of GitHub Actions, which it shows beside the lines they name.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflow.outcome import Severity, Verdict
from workflow.report.harmless import harmless
from workflow.report.located import Located, located, sentences

if TYPE_CHECKING:
    from workflow.outcome import Report

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning"}
"""What each severity is called there. What only informs is in the job's summary."""


def render(report: Report) -> str:
    """Return one command for each finding that weighs something, each on a line of its own."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    for step in report.steps:
        if step.verdict is Verdict.ERRORED:
            yield _command("error", step.reason or "", title=f"{step.name} could not be checked")
    for item in located(report):
        if item.finding.severity in COMMANDS and item.finding.waived is None:
            yield _annotation(item)


def _annotation(item: Located) -> str:
    finding = item.finding
    where = {} if finding.path is None else {"file": item.path, "line": str(item.line)}
    about = f" {finding.app}.{finding.migration}" if finding.migration else ""
    title = f"{finding.code}{about}"
    return _command(COMMANDS[finding.severity], sentences(finding), **where, title=title)


def _command(name: str, message: str, **properties: str) -> str:
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{_data(message)}"


def _data(text: str) -> str:
    """Return a message in one line, as the runner reads it back."""
    return harmless(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
