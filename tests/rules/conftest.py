"""Small projects on disk, read and checked for real."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from workflow.history.reading import read_history
from workflow.outcome import Finding
from workflow.rules import check

MARK = "# here"
Check = Callable[..., list[Finding]]


def write_tree(root: Path, tree: Mapping[str, str | bytes]) -> None:
    """Write files, dedented; every migrations folder gets its ``__init__.py``."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
        path.write_bytes(content)
    for folder in {(root / name).parent for name in tree}:
        if folder.name == "migrations" and "no_init" not in str(folder):
            (folder / "__init__.py").touch()


def migration_text(
    *operations: str, after: str | tuple[str, ...] | None = None, body: str = "", head: str = ""
) -> str:
    """Return the text of a migration; ``after`` is ``app.name`` or several of them."""
    names = (after,) if isinstance(after, str) else after or ()
    dependencies = ", ".join(repr(tuple(name.split("."))) for name in names)
    lines = [
        "from django.conf import settings",
        "from django.db import migrations, models",
        *([textwrap.dedent(head)] if head else []),
        "",
        "",
        "class Migration(migrations.Migration):",
        f"    dependencies = [{dependencies}]",
        *([textwrap.indent(textwrap.dedent(body).strip(), "    ")] if body else []),
        "    operations = [",
        *[textwrap.indent(textwrap.dedent(text).strip() + ",", " " * 8) for text in operations],
        "    ]",
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture
def migration() -> Callable[..., str]:
    return migration_text


@pytest.fixture
def findings(tmp_path: Path) -> Check:
    """Write a project, check it, and return what one rule found."""

    def run(code: str, tree: Mapping[str, str | bytes], vendor: str | None = None) -> list[Finding]:
        write_tree(tmp_path, tree)
        history = read_history(tmp_path)
        return [one for one in check(history, vendor=vendor) if one.code == code]

    return run


@pytest.fixture
def marked() -> Callable[[str], int]:
    """Find the line that a test marked."""

    def line(text: str) -> int:
        lines = textwrap.dedent(text).splitlines()
        (number,) = [at for at, line in enumerate(lines, 1) if line.rstrip().endswith(MARK)]
        return number

    return line
