"""Small trees of migrations, on disk, read for real."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workflow.history.reading import read_history

if TYPE_CHECKING:
    from workflow.history.model import History, Migration

Tree = Mapping[str, str | bytes]
HEAD = "from django.conf import settings\nfrom django.db import migrations, models\n"


def write_tree(root: Path, tree: Tree) -> None:
    """Write files, dedented. A ``migrations`` folder gets its ``__init__.py``."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        if path.parent.name == "migrations":
            (path.parent / "__init__.py").touch()


def migration(*after: str, body: str = "", operations: str = "", head: str = "") -> str:
    """Return the text of a migration; ``after`` are names like ``shop.0001_initial``."""
    dependencies = ", ".join(repr(tuple(name.split("."))) for name in after)
    lines = [
        f"class Migration(migrations.Migration):\n    dependencies = [{dependencies}]",
        textwrap.indent(textwrap.dedent(body), "    "),
        f"    operations = [{operations}]",
    ]
    return HEAD + textwrap.dedent(head) + "\n" + "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., History]:
    """Write a tree and read it as a project."""

    def run(tree: Tree, **options: Any) -> History:
        write_tree(tmp_path, tree)
        return read_history(tmp_path, **options)

    return run


@pytest.fixture
def one(read: Callable[..., History]) -> Callable[..., Migration]:
    """Read one migration file, ``shop/migrations/0002_next.py``, beside others."""

    def run(text: str, **others: str) -> Migration:
        tree = {f"shop/{name.replace('__', '/')}.py": other for name, other in others.items()}
        history = read({**tree, "shop/migrations/0002_next.py": textwrap.dedent(text)})
        (found,) = [m for key, m in history.migrations.items() if key.name == "0002_next"]
        return found

    return run
