"""Writes the table of all rules, ``docs/rules/README.md``, from the pages and the registry.

Run it from the root of the repository: ``python -m workflow.rules.table``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workflow.rules.pages import FAMILIES, Page, pages_in
from workflow.rules.registry import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workflow.rules.registry import Rule

FOLDER = Path("docs/rules")
INTRODUCTION = """\
# What the gates find

Every finding has a code, and every code has a page that tells what the matter is, why it bites
and what to do instead.

Severity `error` refuses; `warning` refuses with `--strict`; `info` never does.

This file is written by `python -m workflow.rules.table`.
"""


def render(pages: Iterable[Page], rules: Mapping[str, Rule]) -> str:
    """Return the text of the table: a rule's own title counts before its page's."""
    rows: dict[str, list[str]] = {}
    for page in pages:
        rule = rules.get(page.code)
        title = rule.title if rule else page.title
        row = f"| [{page.code}]({page.code}.md) | {page.severity} | {title} |"
        rows.setdefault(page.code[:3], []).append(row)
    sections = [
        "\n".join([f"## {family}: {about}", "", *_head(), *rows[family], ""])
        for family, about in FAMILIES.items()
        if family in rows
    ]
    return "\n".join([INTRODUCTION, *sections])


def _head() -> tuple[str, str]:
    return "| code | severity | what |", "| --- | --- | --- |"


def main() -> None:
    """Write the table."""
    text = render(pages_in(FOLDER), load().rules)
    (FOLDER / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
