"""Shows the page of a code, or all codes there are. It needs no project and no configuration."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Mapping, Sequence
from typing import TextIO

from workflow.errors import UsageError
from workflow.report.writers import writer_for
from workflow.rules.pages import FAMILIES, Page, installed_folder, pages_in

NEAR = 0.6
"""How much of a code must be right for another to be taken for it, as ``difflib`` counts."""


def explain(code: str | None, stream: TextIO, variables: Mapping[str, str]) -> None:
    """Write the page of a code, or a line for every code. Raises UsageError for an unknown one."""
    pages = pages_in(installed_folder())
    page = None if code is None else _page_of(code, pages)
    writer = writer_for(stream, variables)
    if page is not None:
        writer.page(page.text)
        return
    by_family = {
        family: list(of_family)
        for family, of_family in itertools.groupby(pages, lambda page: page.code[:3])
    }
    for family, about in FAMILIES.items():
        if family in by_family:
            writer.line("", f"{family}: {about}", "strong")
            for page in by_family[family]:
                writer.line(f"  {_line(page)}")


def _page_of(code: str, pages: Sequence[Page]) -> Page:
    by_code = {page.code: page for page in pages}
    if (page := by_code.get(code.upper())) is not None:
        return page
    near = difflib.get_close_matches(code.upper(), by_code, cutoff=NEAR)
    lines = [f"there is no code {code!r}.{' Near it are:' if near else ''}"]
    lines += [f"  {_line(by_code[name])}" for name in near]
    raise UsageError("\n".join([*lines, "All codes: migration-workflow explain"]))


def _line(page: Page) -> str:
    return f"{page.code}  {page.title}"
