"""Findings for readers who see the whole repository: where each is, and which one it is."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from workflow.report.harmless import harmless

if TYPE_CHECKING:
    from workflow.outcome import Finding, Report


class Located(NamedTuple):
    """A finding with its place in the repository.

    ``path`` is relative to the root of the repository, ``line`` counts from 1; a finding about no
    file in particular has the place of what stands for the project as a whole. ``fingerprint``
    stays the same when lines move, and when other findings come and go.
    """

    finding: Finding
    step: str
    path: str
    line: int
    fingerprint: str


def located(report: Report) -> Iterator[Located]:
    """Yield every finding of a report, in order."""
    seen: Counter[str] = Counter()
    for step in report.steps:
        for finding in step.findings:
            identity = _identity(finding)
            fingerprint = _digest(f"{identity} {seen[identity]}")
            seen[identity] += 1
            path = path_in_repository(report, finding.path)
            yield Located(finding, step.name, path, finding.line or 1, fingerprint)


def path_in_repository(report: Report, path: str | None) -> str:
    """Return a path of a finding relative to the root of the repository."""
    checkout = report.checkout
    if checkout is None:
        return path or "."
    for candidate in (path, checkout.whole):
        if candidate is not None:
            absolute = posixpath.normpath(posixpath.join(checkout.project, candidate))
            relative = posixpath.relpath(absolute, checkout.root)
            if not relative.startswith("../"):
                return relative
    return "."


def sentences(finding: Finding) -> str:
    """Return what a finding says: what is wrong, then what to do."""
    return harmless(finding.message if finding.fix is None else f"{finding.message}\n{finding.fix}")


def _identity(finding: Finding) -> str:
    """Return what two findings of one code differ in, but for lines and wording."""
    return json.dumps(
        (finding.code, finding.app, finding.migration, finding.operation, finding.path)
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
