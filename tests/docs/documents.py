"""The documents of this repository, read as data: tables, blocks of code, links and sections."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "rules"

README = "README.md"
STORY = "MIGRATION_WORKFLOW.md"
SUMMARY = "MIGRATION_PREVENTION_SUMMARY.md"
ARCHITECTURE = "docs/architecture.md"
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "docs", "docs/rules", "example", "benchmarks")
    for path in (ROOT / folder).glob("*.md")
)

CODE = re.compile(r"\b(?:ENV|GRF|FLD|HIS|DRF|LCK|CMP|DAT|SQL|CFG)\d{3}\b")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """Return what stands below a heading of the second level, up to the next one."""
    _, found, rest = read(name).partition(f"\n## {heading}\n")
    assert found, f"{name} has no section {heading!r}"
    return rest.partition("\n## ")[0]


def table(text: str) -> list[tuple[str, ...]]:
    """Return the rows of the one table in a text, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert set(lines[1]) <= set("| -"), lines[1]
    return [tuple(cell.strip() for cell in line[1:-1].split(" | ")) for line in lines[2:]]


def bare(cell: str) -> str:
    """Return what is between backticks, if all of a cell is."""
    return cell.removeprefix("`").removesuffix("`")


def indented(text: str) -> str:
    """Return the indented blocks of a text, without their margin."""
    return "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))


def load_script(path: str) -> Any:
    """Import a program that belongs to no package."""
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


refreshing = load_script("docs/refresh.py")
"""``docs/refresh.py``: it runs what the documents show."""
