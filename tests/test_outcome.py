"""Findings, verdicts and results are data that can't be mistaken."""

from __future__ import annotations

import pytest

from workflow.outcome import Finding, Report, Severity, StepResult, Verdict, Waived, verdict_of


def found(*severities: Severity) -> tuple[Finding, ...]:
    return tuple(Finding("GRF101", severity, "It is wrong.") for severity in severities)


@pytest.mark.parametrize("verdict", Verdict)
def test_no_verdict_has_a_truth_value(verdict: Verdict) -> None:
    with pytest.raises(TypeError, match="has no truth value: compare it with 'is'"):
        bool(verdict)


@pytest.mark.parametrize("verdict", Verdict)
def test_no_verdict_passes_through_an_if_unseen(verdict: Verdict) -> None:
    with pytest.raises(TypeError):
        _ = "went on" if verdict else "stopped"


def test_verdicts_are_the_words_of_the_contract() -> None:
    assert [verdict.value for verdict in Verdict] == [
        "passed",
        "refused",
        "errored",
        "skipped",
        "not-reached",
    ]
    assert [severity.value for severity in Severity] == ["error", "warning", "info"]


@pytest.mark.parametrize(
    ("severities", "strict", "expected"),
    [
        ((), False, Verdict.PASSED),
        ((), True, Verdict.PASSED),
        ((Severity.INFO,), False, Verdict.PASSED),
        ((Severity.INFO,), True, Verdict.PASSED),
        ((Severity.WARNING,), False, Verdict.PASSED),
        ((Severity.WARNING,), True, Verdict.REFUSED),
        ((Severity.ERROR,), False, Verdict.REFUSED),
        ((Severity.ERROR,), True, Verdict.REFUSED),
        ((Severity.INFO, Severity.WARNING, Severity.ERROR), False, Verdict.REFUSED),
    ],
)
def test_the_verdict_of_findings(
    severities: tuple[Severity, ...], strict: bool, expected: Verdict
) -> None:
    assert verdict_of(found(*severities), strict=strict) is expected


def test_what_was_accepted_refuses_nothing() -> None:
    accepted, other = (
        finding._replace(code=code)
        for finding in found(Severity.ERROR)
        for code in ("GRF101", "GRF102")
    )
    accepted = accepted._replace(waived=Waived("inline", "It is old."))
    assert verdict_of([accepted], strict=True) is Verdict.PASSED
    assert verdict_of([accepted, other], strict=False) is Verdict.REFUSED


def test_the_verdict_of_findings_that_are_made_one_by_one() -> None:
    assert verdict_of(iter(found(Severity.ERROR)), strict=False) is Verdict.REFUSED


@pytest.mark.parametrize(
    "frozen",
    [
        Finding("GRF101", Severity.ERROR, "It is wrong."),
        StepResult("drift", Verdict.PASSED),
        Report("pre-check", Verdict.PASSED, (), 0.0),
    ],
)
def test_what_was_found_out_can_not_be_changed(frozen: object) -> None:
    with pytest.raises(AttributeError):
        frozen.verdict = frozen.code = Verdict.PASSED  # type: ignore[attr-defined]
