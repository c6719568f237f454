"""Runs a flow: one step after the other, until one does not pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from workflow.errors import CouldNotCheck
from workflow.outcome import Finding, Report, StepResult, Verdict

C_contra = TypeVar("C_contra", contravariant=True)


class Step(Protocol[C_contra]):
    """A gate or an action. A module with these names is one.

    ``plan`` is what tells an action from a gate: it says in one text what ``run`` would
    change, and is all that happens in a dry run.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 - modules satisfy this, with a constant
        """The step's name, as reports show it."""

    def run(self, context: C_contra) -> StepResult:
        """Do it. Raises CouldNotCheck where that can't be done."""


class Listener(Protocol):
    """Hears about each step as it begins and ends."""

    def begun(self, name: str) -> None:
        """A step has begun."""

    def ended(self, result: StepResult) -> None:
        """It has ended, or it was not reached at all."""


def run_flow(
    name: str,
    steps: Sequence[Step[C_contra]],
    context: C_contra,
    listener: Listener,
    *,
    dry_run: bool = False,
) -> Report:
    """Run the steps in order; what follows a step that does not pass is not reached."""
    began = time.perf_counter()
    results = tuple(_results(steps, context, listener, dry_run=dry_run))
    stopped = next((result for result in results if _stops(result)), None)
    return Report(
        flow=name,
        verdict=Verdict.PASSED if stopped is None else stopped.verdict,
        steps=results,
        seconds=time.perf_counter() - began,
    )


def _results(
    steps: Sequence[Step[C_contra]], context: C_contra, listener: Listener, *, dry_run: bool
) -> Iterator[StepResult]:
    stopped = False
    for step in steps:
        if stopped:
            result = StepResult(step.NAME, Verdict.NOT_REACHED)
        else:
            listener.begun(step.NAME)
            result = _timed(step, context, dry_run=dry_run)
            stopped = _stops(result)
        listener.ended(result)
        yield result


def _timed(step: Step[C_contra], context: C_contra, *, dry_run: bool) -> StepResult:
    began = time.perf_counter()
    try:
        plan: Callable[[C_contra], str] | None = getattr(step, "plan", None)
        if dry_run and plan is not None:
            result = StepResult(step.NAME, Verdict.SKIPPED, reason="dry run", details=plan(context))
        else:
            result = step.run(context)
    except CouldNotCheck as error:
        result = StepResult(step.NAME, Verdict.ERRORED, reason=str(error), details=error.details)
    return result._replace(seconds=time.perf_counter() - began)


def _stops(result: StepResult) -> bool:
    return result.verdict is Verdict.REFUSED or result.verdict is Verdict.ERRORED


def findings(report: Report) -> Iterator[Finding]:
    """Yield all findings of a report, in order."""
    for step in report.steps:
        yield from step.findings
