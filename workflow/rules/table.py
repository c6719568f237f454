"""Writes the table of all rules, ``docs/rules/README.md``, from the pages and the registry.

Into each page it writes whether the code can be waived. Run it from the root of the repository:
``python -m workflow.rules.table``.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.codes import why_not_waived
from workflow.rules.pages import FAMILIES, Page, pages_in
from workflow.rules.registry import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workflow.rules.registry import Rule

FOLDER = Path("docs/rules")
WIDTH = 100
"""Columns of a page."""

SEVERITY = re.compile(r"^(Severity: .+\n)\n(?:Waiver: (?:.+\n)+\n)?", re.MULTILINE)
"""Where a page tells its severity, and whether its code can be waived."""

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


def with_waiver(code: str, text: str) -> str:
    """Return the text of a page, with the line that says whether its code can be waived."""
    reason = why_not_waived(code)
    told = "Waiver: [possible](../waivers.md)"
    if reason is not None:
        told = textwrap.fill(f"Waiver: [none](../waivers.md), because {reason}.", WIDTH)
    return SEVERITY.sub(lambda match: f"{match[1]}\n{told}\n\n", text, count=1)


def _head() -> tuple[str, str]:
    return "| code | severity | what |", "| --- | --- | --- |"


def main() -> None:
    """Write the table, and the one line of every page."""
    for page in pages_in(FOLDER):
        path = FOLDER / f"{page.code}.md"
        path.write_text(with_waiver(page.code, page.text), encoding="utf-8")
    text = render(pages_in(FOLDER), load().rules)
    (FOLDER / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
