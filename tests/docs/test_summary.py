"""Every row of the summary shows what it claims: its command is run, and its gate refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.documents import SUMMARY, bare, read, refreshing, table
from workflow.flows import FLOWS
from workflow.rules.registry import load

pytestmark = pytest.mark.e2e

ROWS = table(read(SUMMARY))
ONLY_WARNS = {"DAT207"}


@pytest.mark.parametrize(
    ("gate", "code", "command"),
    [(gate, code, bare(command)) for _, gate, code, command in ROWS],
    ids=[f"{code}: {failure}" for failure, _, code, _ in ROWS],
)
def test_a_row_shows_its_failure(gate: str, code: str, command: str, tmp_path: Path) -> None:
    shop = refreshing.copy_example(tmp_path / "shop")
    done = refreshing.run(command, shop)
    if code.startswith("exit "):
        assert f"exit {done.returncode}" == code, done.stdout
        assert re.search(rf"^  {gate} \.+ errored", done.stdout, re.MULTILINE), done.stdout
        return
    verdict = "passed" if code in ONLY_WARNS else "refused"
    assert done.returncode == (0 if code in ONLY_WARNS else 1), done.stdout
    *_, last = re.finditer(rf"^  {gate} \.+ {verdict}", done.stdout, re.MULTILINE)
    assert re.search(rf"^    {code} (error|warning)", done.stdout[last.end() :], re.MULTILINE)


def test_every_row_names_a_gate_or_an_action() -> None:
    steps = {step.NAME for flow in FLOWS.values() for step in flow.steps}
    assert {gate for _, gate, _, _ in ROWS} <= steps


def test_no_two_rows_are_about_the_same() -> None:
    assert len({failure for failure, *_ in ROWS}) == len(ROWS)
    assert len({code for _, _, code, _ in ROWS}) == len(ROWS)


def test_each_kind_of_finding_is_shown() -> None:
    shown = {code[:3] for _, _, code, _ in ROWS}
    assert {code[:3] for code in load().rules} <= shown
