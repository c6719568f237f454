"""The XML is read by a library that CI tools read JUnit's reports with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from tests.report.sample import ATTACKS, ERRORED, PASSED, REFUSED, attacked
from workflow.report.harmless import harmless
from workflow.report.junit import render

if TYPE_CHECKING:
    from workflow.outcome import Report


def suite_of(report: Report) -> TestSuite:
    root = JUnitXml.fromstring(render(report).encode())
    [suite] = root
    counts = (suite.tests, suite.failures, suite.errors, suite.skipped, suite.time)
    assert (root.tests, root.failures, root.errors, root.skipped, root.time) == counts
    suite.update_statistics()  # type: ignore[no-untyped-call]  # counts the cases again
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == counts[:4]
    return suite


def cases_of(report: Report) -> dict[str, TestCase]:
    return {case.name: case for case in suite_of(report)}


def test_the_flow_is_a_suite_and_each_gate_a_case() -> None:
    suite = suite_of(REFUSED)
    assert suite.name == "validate-migrations"
    assert [(case.name, case.classname, case.time) for case in suite] == [
        (step.name, "validate-migrations", round(step.seconds, 3)) for step in REFUSED.steps
    ]


def test_a_refusal_is_a_failure_that_tells_everything() -> None:
    [failure] = cases_of(REFUSED)["dependencies"].result
    assert isinstance(failure, Failure)
    assert failure.message == "refused: GRF101, DAT101, DRF101"
    assert failure.text == (
        "GRF101 error  backend/shop/migrations/0004_price.py:12\n"
        "shop.0004_price depends on shop.0003_gone, which is not there.\n"
        "Instead: depend on 0002_name.\n\n"
        "DAT101 warning  backend/shop/migrations/0005_fill.py:9\n"
        "shop.0005_fill can't be undone.\n\n"
        "DAT101 warning, waived: it is a seed  backend/shop/migrations/0005_fill.py:14\n"
        "shop.0005_fill can't be undone.\n\n"
        "HIS104 info\n1 migration is not committed.\ngit add\n\n"
        "DRF101 error\nThe models changed.\nmakemigrations"
    )


def test_what_could_not_be_checked_is_an_error() -> None:
    [error] = cases_of(ERRORED)["pre-check"].result
    assert isinstance(error, Error)
    assert (error.message, error.text) == ("No database.", "Traceback")


@pytest.mark.parametrize(
    ("name", "why"), [("draft", "no changes"), ("apply", "an earlier gate stopped the flow")]
)
def test_what_did_not_run_is_skipped(name: str, why: str) -> None:
    [skipped] = cases_of(REFUSED)[name].result
    assert isinstance(skipped, Skipped)
    assert skipped.message == why


def test_a_pass_keeps_its_remarks() -> None:
    case = cases_of(PASSED)["pre-check"]
    assert case.is_passed
    assert case.system_out == "HIS104 info\n1 migration is not committed.\ngit add"


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_text_of_a_project_is_text(text: str) -> None:
    cases = cases_of(attacked(text))
    [failure] = cases["dependencies"].result
    assert f"\n{harmless(text)}\n{harmless(text)}\n" in failure.text
    [error] = cases["drift"].result
    assert (error.message, error.text or "") == (harmless(text), harmless(text))
