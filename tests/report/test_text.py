"""What a person reads: one line for a step, details only for what failed, and what comes next."""

from __future__ import annotations

import io

import pytest

from workflow.outcome import Finding, Report, Severity, StepResult, Verdict, Waived
from workflow.report.text import TextReport, render
from workflow.report.writers import PlainWriter

ERROR = Finding(
    "GRF101",
    Severity.ERROR,
    "It is missing.",
    "Put it back.",
    path="shop/migrations/0004_price.py",
    line=12,
)
INFO = Finding("HIS103", Severity.INFO, "1 migration is pending.", "inv migrate-safe")


def told(*results: StepResult, verbose: bool = False) -> list[str]:
    stream = io.StringIO()
    report = TextReport(PlainWriter(stream), verbose=verbose)
    for result in results:
        report.begun(result.name)
        report.ended(result)
    return stream.getvalue().splitlines()


def summed_up(verdict: Verdict, next_command: str | None = None) -> list[str]:
    stream = io.StringIO()
    told = TextReport(PlainWriter(stream), verbose=False)
    told.summary(Report("pre-check", verdict, (), 0.0, next_command=next_command))
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (StepResult("drift", Verdict.PASSED), "  drift .......................... passed"),
        (
            StepResult("drift", Verdict.PASSED, seconds=1.234),
            "  drift .......................... passed  1.23 s",
        ),
        (StepResult("draft", Verdict.REFUSED), "  draft .......................... refused"),
        (
            StepResult("draft", Verdict.SKIPPED, reason="no changes", seconds=2.0),
            "  draft .......................... skipped: no changes",
        ),
        (
            StepResult("apply", Verdict.NOT_REACHED),
            "  apply .......................... not reached",
        ),
    ],
)
def test_a_step_is_one_line(result: StepResult, line: str) -> None:
    assert told(result) == [line]


def test_all_lines_of_steps_are_as_wide() -> None:
    lines = told(*(StepResult(name, Verdict.PASSED) for name in ("a", "validate-draft")))
    assert len({line.index(" passed") for line in lines}) == 1


def test_what_could_not_be_checked_says_why_and_shows_what_failed() -> None:
    result = StepResult(
        "environment", Verdict.ERRORED, reason="It hangs.", details="Traceback:\n  line"
    )
    assert told(result)[1:] == ["    It hangs.", "    Traceback:", "      line"]


def test_a_finding_has_its_place_its_message_and_its_fix() -> None:
    result = StepResult("dependencies", Verdict.REFUSED, (ERROR,))
    assert told(result)[1:] == [
        "    GRF101 error  shop/migrations/0004_price.py:12",
        "      It is missing.",
        "      Put it back.",
    ]


def test_a_finding_without_a_place_or_a_fix() -> None:
    finding = ERROR._replace(path=None, line=None, fix=None, severity=Severity.WARNING)
    assert told(StepResult("drift", Verdict.PASSED, (finding,)))[1:] == [
        "    GRF101 warning",
        "      It is missing.",
    ]


@pytest.mark.parametrize("name", ["pre-check", "outlook"])
def test_information_of_the_state_is_one_line(name: str) -> None:
    result = StepResult(name, Verdict.PASSED, (INFO,))
    assert told(result)[1:] == ["    HIS103 1 migration is pending."]


def test_other_information_is_only_counted() -> None:
    assert told(StepResult("dependencies", Verdict.PASSED, (INFO,)))[1:] == [
        "    1 remark: --verbose shows it",
    ]
    assert told(StepResult("dependencies", Verdict.REFUSED, (INFO, ERROR, INFO)))[1:] == [
        "    GRF101 error  shop/migrations/0004_price.py:12",
        "      It is missing.",
        "      Put it back.",
        "    2 remarks: --verbose shows them",
    ]


def test_what_was_accepted_is_only_counted() -> None:
    accepted = ERROR._replace(waived=Waived("inline", "It is old."))
    assert told(StepResult("dependencies", Verdict.PASSED, (accepted,)))[1:] == [
        "    1 accepted finding: --verbose shows it"
    ]
    assert told(StepResult("pre-check", Verdict.PASSED, (accepted, accepted, INFO)))[1:] == [
        "    HIS103 1 migration is pending.",
        "    2 accepted findings: --verbose shows them",
    ]


def test_what_was_accepted_says_why_when_asked() -> None:
    accepted = ERROR._replace(waived=Waived("inline", "It is old."))
    assert told(StepResult("dependencies", Verdict.PASSED, (accepted,)), verbose=True)[1:] == [
        "    GRF101 error, accepted  shop/migrations/0004_price.py:12",
        "      It is missing.",
        "      Accepted (inline): It is old.",
    ]


def test_what_weighs_most_comes_first() -> None:
    warning = ERROR._replace(severity=Severity.WARNING)
    lines = told(StepResult("drift", Verdict.REFUSED, (INFO, warning, ERROR)), verbose=True)
    assert [line.split()[1] for line in lines if line.startswith("    GRF")] == [
        "error",
        "warning",
    ]


def test_information_says_more_when_asked() -> None:
    result = StepResult("pre-check", Verdict.PASSED, (INFO,))
    assert told(result, verbose=True)[1:] == [
        "    HIS103 info",
        "      1 migration is pending.",
        "      inv migrate-safe",
    ]


@pytest.mark.parametrize("name", ["draft", "write", "apply"])
def test_what_changes_something_always_shows_its_details(name: str) -> None:
    assert told(StepResult(name, Verdict.PASSED, details="wrote x"))[1:] == ["    wrote x"]


def test_the_details_of_a_gate_that_passed_are_for_verbose() -> None:
    result = StepResult("environment", Verdict.PASSED, details="python 3.12")
    assert told(result)[1:] == []
    assert told(result, verbose=True)[1:] == ["    python 3.12"]


def test_where_a_gate_tried_something_is_told_where_there_are_several_places() -> None:
    result = StepResult("rehearsal", Verdict.PASSED, details="on postgresql 18.4, a place")
    assert told(result)[1:] == []
    on_server = result._replace(scratch={"own_engine": "postgresql 18.4"})
    assert told(on_server)[1:] == ["    on postgresql 18.4, a place"]
    assert told(on_server._replace(verdict=Verdict.REFUSED))[1:] == []


def test_a_traceback_of_a_refusal_is_for_verbose() -> None:
    result = StepResult("apply", Verdict.REFUSED, (ERROR,), details="Traceback")
    assert "    Traceback" not in told(result)
    assert "    Traceback" in told(result, verbose=True)


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (Verdict.PASSED, "pre-check: passed"),
        (Verdict.REFUSED, "pre-check: refused: nothing after the gate that refused was run"),
        (Verdict.ERRORED, "pre-check: stopped: what could not be checked does not pass"),
    ],
)
def test_the_summary(verdict: Verdict, line: str) -> None:
    assert summed_up(verdict) == [line]


def test_the_next_command_follows_a_pass() -> None:
    assert summed_up(Verdict.PASSED, "inv makemigrations")[1:] == ["Next: inv makemigrations"]


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.ERRORED])
def test_no_next_command_follows_a_stop(verdict: Verdict) -> None:
    assert len(summed_up(verdict, "inv makemigrations")) == 1


def test_a_report_in_a_file_has_everything() -> None:
    step = StepResult("drift", Verdict.PASSED, (INFO,))
    report = Report("pre-check", Verdict.PASSED, (step,), 0.0, next_command="inv makemigrations")
    assert render(report).splitlines() == [
        "  drift .......................... passed",
        "    HIS103 info",
        "      1 migration is pending.",
        "      inv migrate-safe",
        "pre-check: passed",
        "Next: inv makemigrations",
    ]
