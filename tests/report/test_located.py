"""Findings have their place in the repository, and can be told apart when lines move."""

from __future__ import annotations

import pytest

from tests.report.sample import CHECKOUT, ERROR, OF_THE_PROJECT, REFUSED, WARNING
from workflow.outcome import Checkout, Finding, Report, StepResult, Verdict
from workflow.report.located import Located, located, path_in_repository


def report(*findings: Finding) -> Report:
    step = StepResult("dependencies", Verdict.REFUSED, findings)
    return REFUSED._replace(steps=(step,))


def prints(*findings: Finding) -> list[str]:
    return [item.fingerprint for item in located(report(*findings))]


def test_every_finding_with_its_gate_and_place() -> None:
    first, *others = located(REFUSED)
    fingerprint = first.fingerprint
    path = "backend/shop/migrations/0004_price.py"
    assert first == Located(ERROR, "dependencies", path, 12, fingerprint)
    assert [item.finding for item in others] == list(REFUSED.steps[2].findings[1:])


@pytest.mark.parametrize(
    ("path", "expected"),
    {
        "shop/migrations/0001.py": "backend/shop/migrations/0001.py",
        "../compose.yml": "compose.yml",
        "/work/shop/compose.yml": "compose.yml",
        "/usr/lib/python3/site.py": "backend/manage.py",
        "../../elsewhere.py": "backend/manage.py",
        None: "backend/manage.py",
    }.items(),
)
def test_paths_are_those_of_the_repository(path: str | None, expected: str) -> None:
    assert path_in_repository(REFUSED, path) == expected


def test_a_project_that_is_the_repository() -> None:
    at_the_top = REFUSED._replace(checkout=Checkout("/shop", "/shop", "/shop"))
    assert path_in_repository(at_the_top, "a/b.py") == "a/b.py"
    assert path_in_repository(at_the_top, None) == "."


def test_without_a_checkout_paths_are_the_projects() -> None:
    nowhere = REFUSED._replace(checkout=None)
    assert path_in_repository(nowhere, "a/b.py") == "a/b.py"
    assert path_in_repository(nowhere, None) == "."


def test_a_finding_about_no_line_is_at_the_first() -> None:
    assert [item.line for item in located(report(OF_THE_PROJECT))] == [1]


def test_a_fingerprint_outlives_moved_lines_other_words_and_other_findings() -> None:
    moved = ERROR._replace(line=99, message="Said otherwise.", fix=None)
    assert prints(moved) == prints(ERROR) == prints(WARNING, ERROR)[1:]


@pytest.mark.parametrize(
    "other",
    [
        ERROR._replace(code="GRF105"),
        ERROR._replace(app="stock"),
        ERROR._replace(migration="0005_other"),
        ERROR._replace(operation=1),
        ERROR._replace(path="shop/migrations/0005_other.py"),
    ],
    ids=["code", "app", "migration", "operation", "path"],
)
def test_findings_that_differ_have_fingerprints_that_differ(other: Finding) -> None:
    assert prints(other) != prints(ERROR)


def test_the_same_twice_is_two() -> None:
    assert len(set(prints(ERROR, ERROR, ERROR))) == 3


def test_the_checkout_is_no_part_of_a_fingerprint() -> None:
    moved = CHECKOUT._replace(root="/elsewhere", project="/elsewhere/backend")
    elsewhere = report(ERROR)._replace(checkout=moved)
    assert [item.fingerprint for item in located(elsewhere)] == prints(ERROR)
