"""The Code Quality document is what GitLab takes.

No package ships GitLab's own schema, so what its documentation says is said again here:
https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from tests.report.sample import ATTACKS, ERRORED, PASSED, REFUSED, attacked
from workflow.report.gitlab import render
from workflow.report.harmless import harmless

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "type": {"const": "issue"},
            "description": {"type": "string"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!/|\./|\.\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def read(rendered: str) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = json.loads(rendered)
    Draft202012Validator(SCHEMA).validate(document)
    fingerprints = [issue["fingerprint"] for issue in document]
    assert len(set(fingerprints)) == len(fingerprints), "GitLab shows the first of a kind only"
    return document


def test_the_schema_refuses_what_is_wrong() -> None:
    [issue, *_] = read(render(REFUSED))
    for wrong in ({"severity": "error"}, {"fingerprint": ""}, {"location": {"path": "/x"}}):
        with pytest.raises(ValidationError):
            read(json.dumps([{**issue, **wrong}]))


def test_every_finding_that_nobody_accepted() -> None:
    told = [(issue["check_name"], issue["severity"]) for issue in read(render(REFUSED))]
    assert told == [
        ("GRF101", "critical"),
        ("DAT101", "minor"),
        ("HIS104", "info"),
        ("DRF101", "critical"),
    ]


def test_one_finding() -> None:
    issue = read(render(REFUSED))[0]
    assert issue["description"] == (
        "shop.0004_price depends on shop.0003_gone, which is not there.\n"
        "Instead: depend on 0002_name."
    )
    assert issue["location"] == {
        "path": "backend/shop/migrations/0004_price.py",
        "lines": {"begin": 12},
    }


def test_a_finding_about_the_project_has_a_place_too() -> None:
    assert read(render(REFUSED))[3]["location"]["path"] == "backend/manage.py"


def test_what_could_not_be_checked_blocks() -> None:
    [issue] = read(render(ERRORED))
    assert (issue["severity"], issue["description"]) == (
        "blocker",
        "pre-check could not be checked: No database.",
    )


def test_nothing_found_is_an_empty_list() -> None:
    assert read(render(PASSED._replace(steps=()))) == []


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_text_of_a_project_is_text(text: str) -> None:
    rendered = render(attacked(text))
    stop, finding = read(rendered)
    assert rendered.isascii()
    assert finding["description"] == f"{harmless(text)}\n{harmless(text)}"
    assert stop["description"].endswith(harmless(text))
