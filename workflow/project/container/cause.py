"""The one thing that is wrong, and hides whatever else might be."""

from __future__ import annotations

from workflow.errors import FoundCause
from workflow.outcome import Finding, Severity


class Cause(FoundCause):
    """A finding after which nothing further can be looked at.

    Where no gate turns it into a line of the report, it is an error with the same words.
    """

    finding: Finding

    def __init__(self, finding: Finding, details: str | None = None) -> None:
        super().__init__(finding, f"{finding.code}: {finding.message} {finding.fix}", details)


def cause(code: str, message: str, fix: str, details: str | None = None) -> Cause:
    """Return a cause, to be raised."""
    return Cause(Finding(code, Severity.ERROR, message, fix), details)


DEV = "migration-workflow dev"
"""The command that mends most of it."""
