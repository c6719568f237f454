"""What a flow found out: findings, results of steps, and the report of them all.

Frozen data and nothing else. Gates make it, the runner collects it, and the reporters
in :mod:`workflow.report` turn it into text.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Severity(enum.Enum):
    """How much a finding weighs."""

    ERROR = "error"
    """Refuses."""
    WARNING = "warning"
    """Refuses in a strict run."""
    INFO = "info"
    """Never refuses."""


class Verdict(enum.Enum):
    """How a step of a flow ended. Compare with ``is``; never use as a truth value."""

    PASSED = "passed"
    REFUSED = "refused"
    """Findings say that the flow must not go on."""
    ERRORED = "errored"
    """The step could not look, so nothing is known. Stops a flow just as a refusal does."""
    SKIPPED = "skipped"
    """Not applicable here; the result's ``reason`` says why."""
    NOT_REACHED = "not-reached"
    """An earlier step stopped the flow."""

    def __bool__(self) -> bool:
        raise TypeError("a Verdict has no truth value: compare it with 'is'")


EXIT_CODES = {Verdict.PASSED: 0, Verdict.REFUSED: 1, Verdict.ERRORED: 3}
"""What a program that runs a flow exits with, by the flow's verdict."""


class Waived(NamedTuple):
    """That a finding was accepted on purpose: where that is said, and why it was done.

    ``by`` is ``inline``, ``configuration`` or ``baseline``.
    """

    by: str
    reason: str


class Finding(NamedTuple):
    """One observed fact.

    ``message`` says what is wrong, in the project's own names, and what follows from it.
    ``fix`` says what to do instead and gives the exact next command.
    ``path`` is relative to the project directory, ``line`` counts from 1, and ``operation``
    is the index in ``Migration.operations``, from 0.
    ``data`` holds measured evidence, ready for JSON.
    ``waived`` is there where somebody accepted it: then it refuses nothing.
    """

    code: str
    severity: Severity
    message: str
    fix: str | None = None
    app: str | None = None
    migration: str | None = None
    operation: int | None = None
    path: str | None = None
    line: int | None = None
    data: Mapping[str, Any] = {}
    waived: Waived | None = None


class StepResult(NamedTuple):
    """How one step of a flow ended. ``seconds`` is wall time.

    ``reason`` is one line and is there whenever the verdict needs one: always for
    ``ERRORED`` and ``SKIPPED``. ``details`` is text for a person (a traceback, a plan).
    ``evidence`` has one row for every migration that the step ran, and ``scratch`` says on what
    engine that was, and where.
    """

    name: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    seconds: float = 0.0
    details: str | None = None
    evidence: tuple[Mapping[str, Any], ...] = ()
    scratch: Mapping[str, Any] = {}


class Checkout(NamedTuple):
    """Where the project is on disk, for readers who see all of its repository.

    ``root`` is the top of the repository and ``project`` the project's folder in it, both
    absolute; ``whole`` is the path of what stands for the project where no file is meant.
    """

    root: str
    project: str
    whole: str


class HistorySize(NamedTuple):
    """How much history a flow looked at."""

    apps: int
    migrations: int


class Report(NamedTuple):
    """The results of one flow, in order.

    ``pages`` has the page of each code that was found, in Markdown, where a reader wants them.
    """

    flow: str
    verdict: Verdict
    steps: tuple[StepResult, ...]
    seconds: float
    history: HistorySize | None = None
    next_command: str | None = None
    checkout: Checkout | None = None
    pages: Mapping[str, str] = {}


def verdict_of(findings: Iterable[Finding], *, strict: bool) -> Verdict:
    """Return ``REFUSED`` where a finding refuses, else ``PASSED``."""
    refusing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    if any(finding.severity in refusing and finding.waived is None for finding in findings):
        return Verdict.REFUSED
    return Verdict.PASSED
