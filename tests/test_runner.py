"""A flow stops at the first step that does not pass, and every step is accounted for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from workflow.errors import CouldNotCheck, UsageError
from workflow.outcome import Finding, Report, Severity, StepResult, Verdict
from workflow.runner import Step, findings, run_flow

Ran = list[str]
FINDING = Finding("DRF101", Severity.ERROR, "The models say more.")


class Gate(NamedTuple):
    """A step that notes that it ran, and ends as it was told to."""

    NAME: str
    verdict: Verdict = Verdict.PASSED
    found: tuple[Finding, ...] = ()
    error: Exception | None = None

    def run(self, context: Ran) -> StepResult:
        context.append(f"run {self.NAME}")
        if self.error is not None:
            raise self.error
        return StepResult(self.NAME, self.verdict, self.found, seconds=-1.0)


class Action(NamedTuple):
    """A step with a plan."""

    NAME: str
    unknown: str = ""

    def plan(self, context: Ran) -> str:
        context.append(f"plan {self.NAME}")
        if self.unknown:
            raise CouldNotCheck(self.unknown, "said so")
        return f"would do {self.NAME}"

    def run(self, context: Ran) -> StepResult:
        context.append(f"run {self.NAME}")
        return StepResult(self.NAME, Verdict.PASSED)


class Ears:
    """Hears what a listener hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def begun(self, name: str) -> None:
        self.heard.append(("begun", name))

    def ended(self, result: StepResult) -> None:
        self.heard.append((result.verdict.value, result.name))


Go = Callable[..., Report]


@pytest.fixture
def ran() -> Ran:
    return []


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def go(ran: Ran, ears: Ears) -> Go:
    def run(*steps: Step[Ran], dry_run: bool = False) -> Report:
        return run_flow("pre-check", steps, ran, ears, dry_run=dry_run)

    return run


def verdicts(report: Report) -> list[Verdict]:
    return [step.verdict for step in report.steps]


def test_every_step_runs_in_order_when_all_pass(go: Go, ran: Ran) -> None:
    report = go(Gate("one"), Action("two"), Gate("three"))
    assert ran == ["run one", "run two", "run three"]
    assert report.verdict is Verdict.PASSED
    assert report.flow == "pre-check"
    assert [step.name for step in report.steps] == ["one", "two", "three"]


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.ERRORED])
def test_nothing_runs_after_a_step_that_does_not_pass(go: Go, ran: Ran, verdict: Verdict) -> None:
    report = go(Gate("one"), Gate("two", verdict), Action("three"), Gate("four"))
    assert ran == ["run one", "run two"]
    assert verdicts(report) == [
        Verdict.PASSED,
        verdict,
        Verdict.NOT_REACHED,
        Verdict.NOT_REACHED,
    ]
    assert report.verdict is verdict


def test_what_was_not_reached_took_no_time_and_found_nothing(go: Go) -> None:
    report = go(Gate("one", Verdict.REFUSED), Gate("two", found=(FINDING,)))
    assert report.steps[1] == StepResult("two", Verdict.NOT_REACHED)


def test_a_skipped_step_lets_the_flow_go_on(go: Go, ran: Ran) -> None:
    report = go(Gate("one", Verdict.SKIPPED), Gate("two"))
    assert ran == ["run one", "run two"]
    assert report.verdict is Verdict.PASSED


def test_a_step_that_could_not_look_is_errored_with_its_details(go: Go, ran: Ran) -> None:
    error = CouldNotCheck("the database is locked", "Traceback: locked")
    report = go(Gate("one", error=error), Gate("two"))
    assert ran == ["run one"]
    first = report.steps[0]
    assert first.verdict is Verdict.ERRORED
    assert (first.reason, first.details) == ("the database is locked", "Traceback: locked")
    assert report.verdict is Verdict.ERRORED


@pytest.mark.parametrize("error", [UsageError("no such alias"), ZeroDivisionError("a bug")])
def test_what_a_step_may_not_raise_is_not_made_a_verdict(go: Go, error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        go(Gate("one", error=error))


def test_a_dry_run_asks_an_action_for_its_plan_only(go: Go, ran: Ran) -> None:
    report = go(Gate("one"), Action("two"), Action("three"), dry_run=True)
    assert ran == ["run one", "plan two", "plan three"]
    second = report.steps[1]
    assert second.verdict is Verdict.SKIPPED
    assert (second.reason, second.details) == ("dry run", "would do two")
    assert report.verdict is Verdict.PASSED


def test_a_dry_run_stops_at_a_gate_that_refuses(go: Go, ran: Ran) -> None:
    report = go(Gate("one", Verdict.REFUSED), Action("two"), dry_run=True)
    assert ran == ["run one"]
    assert verdicts(report) == [Verdict.REFUSED, Verdict.NOT_REACHED]


def test_a_plan_that_can_not_be_made_is_errored(go: Go) -> None:
    report = go(Action("one", unknown="nobody knows"), dry_run=True)
    assert report.verdict is Verdict.ERRORED
    assert report.steps[0].reason == "nobody knows"


def test_time_is_taken_by_the_runner_and_not_believed_from_the_step(go: Go) -> None:
    report = go(Gate("one"), Gate("two", error=CouldNotCheck("no")))
    assert all(step.seconds > 0 for step in report.steps)
    assert report.seconds >= sum(step.seconds for step in report.steps)


def test_the_listener_hears_each_step_begin_and_end_in_order(go: Go, ears: Ears) -> None:
    go(Gate("one"), Gate("two", Verdict.REFUSED), Gate("three"))
    assert ears.heard == [
        ("begun", "one"),
        ("passed", "one"),
        ("begun", "two"),
        ("refused", "two"),
        ("not-reached", "three"),
    ]


def test_a_flow_without_steps_passes(go: Go) -> None:
    assert go().verdict is Verdict.PASSED


def test_the_findings_of_a_report_come_in_order(go: Go) -> None:
    other = FINDING._replace(code="DRF103")
    report = go(Gate("one", found=(FINDING, other)), Gate("two", found=(FINDING,)))
    assert [finding.code for finding in findings(report)] == ["DRF101", "DRF103", "DRF101"]
