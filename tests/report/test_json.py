"""The JSON document is the contract's: every field, in its form, null where there is nothing."""

from __future__ import annotations

import json
from pathlib import Path

from workflow import __version__
from workflow.outcome import Finding, HistorySize, Report, Severity, StepResult, Verdict, Waived
from workflow.report.json import render

FULL = Finding(
    code="GRF101",
    severity=Severity.ERROR,
    message="shop.0004_price depends on shop.0003_gone, which is not there.",
    fix="Instead: depend on 0002_name.",
    app="shop",
    migration="0004_price",
    operation=0,
    path="shop/migrations/0004_price.py",
    line=12,
    data={"missing": ["shop", "0003_gone"]},
)
BARE = Finding("HIS104", Severity.INFO, "1 migration is not committed: ü.py.")
ROW = {
    "app": "shop",
    "migration": "0004_price",
    "seconds": 0.012,
    "locks": [["shop_product", "AccessExclusiveLock"]],
    "rewrites": ["shop_product"],
    "scans": [],
    "reversible": True,
}
REPORT = Report(
    flow="validate-migrations",
    verdict=Verdict.REFUSED,
    steps=(
        StepResult("environment", Verdict.PASSED, seconds=0.1234567),
        StepResult("rehearsal", Verdict.PASSED, evidence=(ROW,), details="only for people"),
        StepResult("dependencies", Verdict.REFUSED, (FULL, BARE), seconds=0.041),
        StepResult("draft", Verdict.SKIPPED, reason="no changes detected"),
        StepResult("apply", Verdict.NOT_REACHED),
    ),
    seconds=0.0520004,
    history=HistorySize(apps=9, migrations=143),
    next_command="migration-workflow migrate-safe",
)

DOCUMENT = """\
{
  "schema": 1,
  "tool": "VERSION",
  "flow": "validate-migrations",
  "verdict": "refused",
  "gates": [
    {
      "name": "environment",
      "verdict": "passed",
      "seconds": 0.123457,
      "reason": null,
      "findings": []
    },
    {
      "name": "rehearsal",
      "verdict": "passed",
      "seconds": 0.0,
      "reason": null,
      "findings": [],
      "evidence": [
        {
          "app": "shop",
          "migration": "0004_price",
          "seconds": 0.012,
          "locks": [
            [
              "shop_product",
              "AccessExclusiveLock"
            ]
          ],
          "rewrites": [
            "shop_product"
          ],
          "scans": [],
          "reversible": true
        }
      ]
    },
    {
      "name": "dependencies",
      "verdict": "refused",
      "seconds": 0.041,
      "reason": null,
      "findings": [
        {
          "code": "GRF101",
          "severity": "error",
          "message": "shop.0004_price depends on shop.0003_gone, which is not there.",
          "fix": "Instead: depend on 0002_name.",
          "app": "shop",
          "migration": "0004_price",
          "operation": 0,
          "path": "shop/migrations/0004_price.py",
          "line": 12,
          "data": {
            "missing": [
              "shop",
              "0003_gone"
            ]
          }
        },
        {
          "code": "HIS104",
          "severity": "info",
          "message": "1 migration is not committed: \\u00fc.py.",
          "fix": null,
          "app": null,
          "migration": null,
          "operation": null,
          "path": null,
          "line": null,
          "data": {}
        }
      ]
    },
    {
      "name": "draft",
      "verdict": "skipped",
      "seconds": 0.0,
      "reason": "no changes detected",
      "findings": []
    },
    {
      "name": "apply",
      "verdict": "not-reached",
      "seconds": 0.0,
      "reason": null,
      "findings": []
    }
  ],
  "history": {
    "apps": 9,
    "migrations": 143
  },
  "seconds": 0.052
}
"""


def test_a_full_report() -> None:
    assert render(REPORT) == DOCUMENT.replace("VERSION", __version__)


def test_a_flow_that_read_no_history() -> None:
    assert json.loads(render(REPORT._replace(history=None)))["history"] is None


def test_every_field_of_a_finding_is_there() -> None:
    document = json.loads(render(REPORT))
    for gate in document["gates"]:
        for finding in gate["findings"]:
            assert tuple(finding) == Finding._fields[:-1]


def test_a_finding_that_was_accepted_says_by_whom_and_why() -> None:
    accepted = BARE._replace(waived=Waived("baseline", "It is old."))
    step = StepResult("drift", Verdict.PASSED, (accepted,))
    document = json.loads(render(REPORT._replace(steps=(step,))))
    (finding,) = document["gates"][0]["findings"]
    assert finding["waived"] == {"by": "baseline", "reason": "It is old."}


def test_what_json_does_not_know_is_written_as_text() -> None:
    finding = BARE._replace(data={"path": Path("shop/models.py")})
    step = StepResult("drift", Verdict.PASSED, (finding,))
    document = json.loads(render(REPORT._replace(steps=(step,))))
    assert document["gates"][0]["findings"][0]["data"] == {"path": "shop/models.py"}


def test_the_document_is_ascii_whatever_it_tells() -> None:
    finding = BARE._replace(message="Ünïcode \udcff \x1b[31m")
    text = render(REPORT._replace(steps=(StepResult("drift", Verdict.PASSED, (finding,)),)))
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["gates"][0]["findings"][0]["message"] == "Ünïcode \udcff \x1b[31m"
