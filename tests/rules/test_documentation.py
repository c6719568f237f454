"""Every code has a rule, a page and a test file, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workflow.rules.pages import Page, pages_in
from workflow.rules.registry import Registry, Rule, load
from workflow.rules.table import render

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "rules"
RULES = load().rules
NUMBERED_HERE = ("GRF", "FLD", "DAT1", "SQL")
HEADINGS = ["Problem", "Why it bites", "Instead"]


def test_every_rule_has_a_page() -> None:
    assert set(RULES) <= {page.code for page in pages_in(FOLDER)}


def test_every_page_of_our_families_has_a_rule() -> None:
    ours = {page.code for page in pages_in(FOLDER) if page.code.startswith(NUMBERED_HERE)}
    assert ours == set(RULES)


def test_every_rule_has_a_test_file_and_the_other_way_round() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("test_???[0-9][0-9][0-9].py")}
    assert files == {f"test_{code.lower()}" for code in RULES}


def test_the_table_is_fresh() -> None:
    written = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert written == render(pages_in(FOLDER), RULES), "run python -m workflow.rules.table"


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_module_is_named_after_its_one_code(code: str) -> None:
    name = RULES[code].module.rpartition(".")[2]
    assert name.startswith(f"{code.lower()}_")


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_page_says_what_its_rule_says(code: str) -> None:
    text = (FOLDER / f"{code}.md").read_text(encoding="utf-8")
    severities = ", ".join(severity.value for severity in RULES[code].severities)
    assert text.startswith(f"# {code}: {RULES[code].title}\n\nSeverity: {severities}\n")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[:3] == HEADINGS
    assert headings[3:] in ([], ["Steps"])


def test_the_table_takes_in_pages_of_codes_that_are_no_rules() -> None:
    text = render([Page("ENV101", "the mount is another checkout", "error")], RULES)
    assert "| [ENV101](ENV101.md) | error | the mount is another checkout |" in text


def test_a_code_registered_twice_is_refused() -> None:
    registry = Registry()
    registry.over_history("GRF999", "one")(lambda _: ())
    with pytest.raises(ValueError, match="GRF999 is registered twice"):
        registry.over_history("GRF999", "another")(lambda _: ())
    assert registry.rules["GRF999"] == Rule("GRF999", "one", (), __name__)
