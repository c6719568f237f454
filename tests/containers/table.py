"""Writes the tables of ``docs/environments.md`` from the environments that the tests make.

Run it from the root of the repository: ``python -m tests.containers.table``.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.containers.right import RIGHT
from tests.containers.wrong import WRONG

PAGE = Path(__file__).parents[2] / "docs" / "environments.md"
PAGES = PAGE.parent / "rules"


def render(text: str) -> str:
    """Return the page with fresh tables."""
    for name, lines in (("wrong", wrong_lines()), ("right", right_lines())):
        block = "\n".join((f"<!-- {name} -->", *lines, f"<!-- end of {name} -->"))
        pattern = rf"<!-- {name} -->.*?<!-- end of {name} -->"
        text = re.sub(pattern, lambda _, block=block: block, text, flags=re.DOTALL)  # type: ignore[misc]
    return text


def wrong_lines() -> list[str]:
    """Return a row for each wrong environment."""
    rows = [
        f"| {case.what} | [{case.code}](rules/{case.code}.md) {_title(case.code)} "
        f"| {case.exit_code} |"
        for case in WRONG
    ]
    return ["| environment | finding | exit code |", "| --- | --- | --- |", *rows]


def right_lines() -> list[str]:
    """Return a line for each right one."""
    return [f"- {case.what}" for case in RIGHT]


def _title(code: str) -> str:
    head = (PAGES / f"{code}.md").read_text(encoding="utf-8").partition("\n")[0]
    return head.removeprefix(f"# {code}: ")


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
