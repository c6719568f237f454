"""The page on environments tells what the tests make, and the codes that there are."""

from __future__ import annotations

from tests.containers.right import RIGHT
from tests.containers.table import PAGE, PAGES, render
from tests.containers.wrong import WRONG


def test_the_tables_are_fresh() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert render(text) == text, "run python -m tests.containers.table"


def test_every_finding_about_containers_is_made() -> None:
    pages = {path.stem for path in PAGES.glob("ENV2*.md")}
    inside = {"ENV224"}
    assert {case.code for case in WRONG} == pages - inside


def test_there_are_as_many_as_were_promised() -> None:
    assert len(WRONG) >= 18
    assert len(RIGHT) >= 6
