"""Puts what was measured on docs/benchmarks.md: each script has its part of the page."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs/benchmarks.md"

BEGIN = "<!-- from here on written by benchmarks/{script} -->"
END = "<!-- to here -->"


def put_on_page(script: str, text: str) -> None:
    """Put a script's part on the page, in place of what it was; other parts stay."""
    begin = BEGIN.format(script=script)
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Benchmarks\n"
    before, _, rest = page.partition(begin)
    after = rest.partition(END)[2].strip("\n")
    pieces = (before.strip("\n"), begin, text.strip("\n"), END, after)
    PAGE.write_text("\n\n".join(filter(None, pieces)) + "\n", encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first column is words, and whose others are numbers."""
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    """Return when and on what it was measured."""
    day = datetime.datetime.now(tz=datetime.timezone.utc).date()
    processor = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"On {day}, {processor}, load average {os.getloadavg()[0]:.1f} at the end."
