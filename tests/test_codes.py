"""Codes: which there are, which can't be waived, and which gate sees all that one is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.documents import PAGES, read, section, table
from workflow import codes
from workflow.codes import NEVER, SEEN_WHOLE, known_codes, seen_whole_by, why_not_waived
from workflow.errors import CouldNotCheck
from workflow.flows import FLOWS
from workflow.rules.registry import load
from workflow.rules.table import with_waiver


def test_a_code_is_known_where_it_has_a_page() -> None:
    assert known_codes() == {path.stem for path in PAGES.glob("*.md")} - {"README"}


def test_without_pages_nothing_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "FOLDERS", (tmp_path / "manual", tmp_path / "docs"))
    known_codes.cache_clear()
    with pytest.raises(CouldNotCheck, match=r"manual is missing: install"):
        known_codes()


@pytest.fixture(autouse=True)
def forget() -> None:
    known_codes.cache_clear()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("FLD121", None),
        ("fld121", "there is no code 'fld121'; did you mean FLD121?"),
        ("FDL121", "there is no code 'FDL121'; did you mean FLD121?"),
        ("?", "there is no code '?'; migration-workflow explain lists all there are"),
    ],
)
def test_an_unknown_code_says_what_is_near(code: str, said: str | None) -> None:
    assert codes.why_unknown(code) == said


@pytest.mark.parametrize("table_of_codes", [NEVER, SEEN_WHOLE], ids=["never", "seen whole"])
def test_every_entry_is_of_a_code(table_of_codes: dict[str, str]) -> None:
    for name in table_of_codes:
        assert any(code.startswith(name) for code in known_codes()), name


def test_no_entry_hides_another() -> None:
    for entries in (NEVER, SEEN_WHOLE):
        for name in entries:
            assert [other for other in entries if name.startswith(other)] == [name]


def test_every_rule_is_seen_whole_by_the_gate_that_runs_it() -> None:
    assert {seen_whole_by(code) for code in load().rules} == {"dependencies"}


@pytest.mark.parametrize("code", ["HIS101", "HIS106", "DAT207", "DRF105", "CMP101"])
def test_what_shows_in_one_place_alone_is_seen_whole_by_no_gate(code: str) -> None:
    assert seen_whole_by(code) is None


def test_the_gates_are_gates() -> None:
    steps = {step.NAME for flow in FLOWS.values() for step in flow.steps}
    assert set(SEEN_WHOLE.values()) <= steps


@pytest.mark.parametrize("code", sorted(known_codes()))
def test_a_page_says_whether_its_code_can_be_waived(code: str) -> None:
    text = read(f"docs/rules/{code}.md")
    assert text == with_waiver(code, text), "run python -m workflow.rules.table"
    word = "possible" if why_not_waived(code) is None else "none"
    assert f"\nWaiver: [{word}](../waivers.md)" in text


def test_the_line_is_written_once() -> None:
    before = "# DAT201: it fails\n\nSeverity: error\n\n## Problem\n"
    after = with_waiver("DAT201", before)
    assert after.startswith(
        "# DAT201: it fails\n\nSeverity: error\n\nWaiver: [none](../waivers.md)"
    )
    assert with_waiver("DAT201", after) == after
    assert with_waiver("FLD121", after) == with_waiver("FLD121", before)


def test_the_document_lists_what_cannot_be_waived() -> None:
    told = {
        name.strip("`…"): reason
        for names, reason in table(section("docs/waivers.md", "What can't be waived"))
        for name in names.split(", ")
    }
    assert told == NEVER
