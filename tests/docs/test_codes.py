"""Every code that can be reported has a page that tells the truth, and the other way round."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.documents import CODE, DOCUMENTS, PAGES, ROOT, read
from workflow.outcome import Severity
from workflow.rules.pages import pages_in
from workflow.rules.registry import load

RULES = load().rules
HEADINGS = ["Problem", "Why it bites", "Instead"]
WIDTH = 100


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "workflow").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


@cache
def codes_in_source() -> set[str]:
    return {
        node.value
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }


@cache
def severities_in_source() -> dict[str, set[str]]:
    """Return what gates and actions themselves say in ``Finding(code, severity, …)``."""
    found: dict[str, set[str]] = {}
    for path, tree in modules():
        if path.parent.name not in {"gates", "actions", "container", "setup", "waivers"}:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "cause":
                found.setdefault(ast.literal_eval(node.args[0]), set()).add("error")
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Finding", "Judged"}:
                codes = CODE.findall(ast.unparse(node.args[0]))
                words = re.findall(r"Severity\.(\w+)", ast.unparse(node.args[1]))
                for code in codes:
                    found.setdefault(code, set()).update(word.lower() for word in words)
    return found


OF_GATES = sorted(severities_in_source().keys() - RULES.keys())


def severities_on(code: str) -> set[str]:
    match = re.search(r"^Severity: (.+)$", read(f"docs/rules/{code}.md"), re.MULTILINE)
    assert match is not None
    return set(match[1].split(", "))


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {page.code for page in pages_in(PAGES)} == codes_in_source()


def test_every_code_is_a_rules_or_a_gates() -> None:
    assert codes_in_source() == RULES.keys() | set(OF_GATES)


@pytest.mark.parametrize("code", OF_GATES)
def test_a_page_says_how_much_its_finding_weighs(code: str) -> None:
    known = {severity.value for severity in Severity}
    assert severities_in_source()[code] <= severities_on(code) <= known


@pytest.mark.parametrize("code", OF_GATES)
def test_a_page_has_its_headings_in_order(code: str) -> None:
    text = read(f"docs/rules/{code}.md")
    assert text.startswith(f"# {code}: ")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[:3] == HEADINGS
    assert headings[3:] in ([], ["Steps"])
    assert "migration-workflow " in text, "it tells no command"


@pytest.mark.parametrize("code", OF_GATES)
def test_a_page_keeps_to_the_width_of_a_screen(code: str) -> None:
    lines = read(f"docs/rules/{code}.md").splitlines()
    assert [line for line in lines if len(line) > WIDTH and not line.startswith("|")] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_code_that_is_named_exists(name: str) -> None:
    assert set(CODE.findall(read(name))) <= codes_in_source()
