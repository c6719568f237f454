"""Writes the table of all rules, ``docs/rules/README.md``, from the pages and the registry.

Run it from the root of the repository: ``python -m workflow.rules.table``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workflow.rules.registry import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workflow.rules.registry import Rule

FOLDER = Path("docs/rules")
HEADING = re.compile(r"# ([A-Z]{3}\d{3}): (.+)")
SEVERITY = re.compile(r"Severity: (.+)")
FAMILIES = {
    "ENV": "environment",
    "GRF": "the graph of migrations",
    "FLD": "operations that contradict the state before them, or the rows",
    "HIS": "history against git and against the database",
    "DRF": "models, migrations and database disagree",
    "LCK": "locks and rewrites",
    "CMP": "old code against the new schema",
    "DAT": "data migrations",
    "SQL": "raw SQL",
    "CFG": "configuration and waivers",
}
INTRODUCTION = """\
# What the gates find

Every finding has a code, and every code has a page that tells what the matter is, why it bites
and what to do instead.

Severity `error` refuses; `warning` refuses with `--strict`; `info` never does.

This file is written by `python -m workflow.rules.table`.
"""


class Page(NamedTuple):
    """What the table tells of one code."""

    code: str
    title: str
    severity: str


def pages_in(folder: Path) -> list[Page]:
    """Return all pages of a folder by code, with what they say themselves."""
    files = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    return [_read(path) for path in files]


def _read(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    heading, severity = HEADING.match(text), SEVERITY.search(text)
    if heading is None:
        raise ValueError(f"{path} must begin with '# {path.stem}: title'")
    return Page(heading[1], heading[2], severity[1] if severity else "")


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
