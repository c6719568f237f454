"""The one thing that is wrong with a place, and hides whatever else might be."""

from __future__ import annotations

from collections.abc import Iterable

from workflow.errors import CouldNotCheck
from workflow.outcome import Finding, Severity


class Cause(CouldNotCheck):
    """A finding after which nothing further can be looked at.

    Where no gate turns it into a line of the report, it is an error with the same words.
    """

    def __init__(self, finding: Finding, details: str | None = None) -> None:
        super().__init__(f"{finding.code}: {finding.message} {finding.fix}", details)
        self.finding = finding


def cause(code: str, message: str, fix: str, details: str | None = None) -> Cause:
    """Return a cause, to be raised."""
    return Cause(Finding(code, Severity.ERROR, message, fix), details)


def expect_none(findings: Iterable[Finding]) -> None:
    """Raise the first finding that refuses, if there is one."""
    for finding in findings:
        if finding.severity is Severity.ERROR:
            raise Cause(finding)


DEV = "migration-workflow dev"
"""The command that mends most of it."""
