"""The page of every code: what the matter is, why it bites, and what to do instead.

They are ``docs/rules/CODE.md`` in a checkout; a wheel brings them in a folder beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from workflow.codes import FOLDERS
from workflow.errors import CouldNotCheck

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
"""What the codes with the same three letters are about, in the order of the table."""


class Page(NamedTuple):
    """One page: ``text`` is all of it, in Markdown."""

    code: str
    title: str
    severity: str
    text: str = ""


def installed_folder() -> Path:
    """Return the folder of the pages. Raises CouldNotCheck where they were not installed."""
    for folder in FOLDERS:
        if folder.is_dir():
            return folder
    raise CouldNotCheck(
        f"the pages of the codes are not in {FOLDERS[0]}: install migration-workflow again"
    )


def pages_in(folder: Path) -> list[Page]:
    """Return all pages of a folder by code, with what they say themselves."""
    files = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    return [_read(path) for path in files]


def texts_of(codes: Iterable[str]) -> dict[str, str]:
    """Return the pages of these codes, in Markdown. Raises CouldNotCheck as above."""
    wanted = set(codes)
    return {page.code: page.text for page in pages_in(installed_folder()) if page.code in wanted}


def _read(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    heading, severity = HEADING.match(text), SEVERITY.search(text)
    if heading is None:
        raise ValueError(f"{path} must begin with '# {path.stem}: title'")
    return Page(heading[1], heading[2], severity[1] if severity else "", text)
