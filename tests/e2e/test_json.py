"""The JSON document and the exit code: what programs rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from workflow import __version__
from workflow.flows import FLOWS

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

DOCUMENT = {
    "schema": int,
    "tool": str,
    "flow": str,
    "verdict": str,
    "gates": list,
    "history": (dict, type(None)),
    "seconds": float,
}
GATE = {
    "name": str,
    "verdict": str,
    "seconds": float,
    "reason": (str, type(None)),
    "findings": list,
}
FINDING = {
    "code": str,
    "severity": str,
    "message": str,
    "fix": (str, type(None)),
    "app": (str, type(None)),
    "migration": (str, type(None)),
    "operation": (int, type(None)),
    "path": (str, type(None)),
    "line": (int, type(None)),
    "data": dict,
}
EVIDENCE = {"app": str, "migration": str, "seconds": float, "reversible": bool}
READS_NO_HISTORY = {"setup", "setup-pre-commit"}
VERDICTS = {"passed", "refused", "errored", "skipped", "not-reached"}


def expect_shape(value: Any, shape: dict[str, Any], optional: frozenset[str] = frozenset()) -> None:
    assert value.keys() - optional == shape.keys()
    for key, kind in shape.items():
        assert isinstance(value[key], kind), (key, value[key])


def expect_contract(done: Run, verb: str) -> dict[str, Any]:
    document = done.document
    expect_shape(document, DOCUMENT)
    assert (document["schema"], document["tool"], document["flow"]) == (1, __version__, verb)
    assert document["verdict"] in {"passed", "refused", "errored"}
    if verb in READS_NO_HISTORY:
        assert document["history"] is None
    else:
        assert document["history"].keys() == {"apps", "migrations"}
    assert [gate["name"] for gate in document["gates"]] == [step.NAME for step in FLOWS[verb].steps]
    for gate in document["gates"]:
        expect_shape(gate, GATE, frozenset({"evidence", "scratch"}))
        assert gate["verdict"] in VERDICTS
        assert gate["verdict"] not in {"errored", "skipped"} or gate["reason"]
        for finding in gate["findings"]:
            expect_shape(finding, FINDING, frozenset({"waived"}))
            assert finding["severity"] in {"error", "warning", "info"}
        for row in gate.get("evidence", ()):
            assert {key: type(row[key]) for key in EVIDENCE} == EVIDENCE
    return document


def in_order(shop: Shop) -> None:
    """Nothing to find."""


def pending(shop: Shop) -> None:
    shop.add_field()
    assert shop.run("makemigrations").code == 0


def broken_model(shop: Shop) -> None:
    shop.add_field("colour = models.CharField(max_length=-1)")


def no_settings(shop: Shop) -> None:
    (shop.folder / "config/settings.py").unlink()


@pytest.mark.parametrize("verb", [verb for verb in FLOWS if not FLOWS[verb].starts_containers])
@pytest.mark.parametrize(
    ("prepare", "code"),
    [(in_order, 0), (pending, 0), (broken_model, 1), (no_settings, 3)],
    ids=["in order", "pending", "broken model", "no settings"],
)
def test_the_document_is_the_contracts(
    verb: str, prepare: Callable[[Shop], None], code: int, shop: Shop
) -> None:
    prepare(shop)
    done = shop.json(verb)
    if FLOWS[verb].asks_project and not (code == 1 and verb == "pre-check"):
        assert done.code == code, done
    expect_contract(done, verb)


def test_the_history_is_counted(shop: Shop) -> None:
    done = shop.json("validate-migration-dependencies")
    assert done.document["history"] == {"apps": 4, "migrations": 23}


def test_a_finding_has_a_place(shop: Shop) -> None:
    shop.add_migration(name="0011_lost", after="0010_nowhere")
    gate = shop.json("validate-migration-dependencies").document["gates"][0]
    (finding,) = (found for found in gate["findings"] if found["code"] == "GRF101")
    assert finding["path"] == "catalogue/migrations/0011_lost.py"
    assert (finding["app"], finding["migration"]) == ("catalogue", "0011_lost")
    assert finding["line"] == 6


def test_what_was_run_is_evidence(shop: Shop) -> None:
    pending(shop)
    done = shop.json("migrate-safe")
    gates = {gate["name"]: gate for gate in done.document["gates"]}
    for name in ("rehearsal", "apply"):
        (row,) = gates[name]["evidence"]
        assert (row["app"], row["migration"]) == ("catalogue", "0011_product_colour")
        assert row["reversible"] is True


@pytest.mark.parametrize("code", [0, 1])
def test_the_report_goes_into_a_file(code: int, shop: Shop) -> None:
    if code:
        shop.add_field()
    done = shop.run("check-migrations", "--format", "json", "--output", "report.json")
    assert (done.code, done.stdout) == (code, "")
    document = json.loads((shop.folder / "report.json").read_text(encoding="utf-8"))
    assert document["verdict"] == ("refused" if code else "passed")


@pytest.mark.parametrize("place", ["no/such/folder/report.json", "catalogue"])
def test_a_report_that_cannot_be_written_is_not_lost_silently(place: str, shop: Shop) -> None:
    done = shop.run("check-migrations", "--format", "json", "--output", place)
    assert done.code == 2
    assert f"{place} can't be written" in done.said


def test_text_goes_into_a_file_too(shop: Shop) -> None:
    done = shop.run("check-migrations", "--output", "report.txt")
    assert done.code == 0
    text = (shop.folder / "report.txt").read_text(encoding="utf-8")
    assert "check-migrations: passed" in text


def test_what_the_project_prints_is_no_data(shop: Shop) -> None:
    for name in ("manage.py", "config/settings.py", "catalogue/models.py"):
        shop.replace_start(name, "print('{\"chatter\": 1}')\n")
    pending(shop)
    done = shop.json("migrate-safe")
    assert done.code == 0
    assert "chatter" not in done.stdout


def test_a_reader_that_goes_away_gets_no_traceback(shop: Shop) -> None:
    done = shop.run(
        "pre-check",
        "--format",
        "json",
        program=["sh", "-c", '"$0" "$@" | true; exit 0', *shop.program],
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
