"""Small projects as text: what rules are tried on."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Tree: TypeAlias = Mapping[str, "str | bytes"]

DEPENDENCIES_LINE = 6
"""Where a migration made here states its dependencies."""
FIRST_OPERATION_LINE = 8
"""Where its first operation begins, if it has neither ``head`` nor ``body``."""


def migration(
    *operations: str, after: str | tuple[str, ...] = (), body: str = "", head: str = ""
) -> str:
    """Return the text of a migration that depends on ``app.name``, or several of them."""
    names = (after,) if isinstance(after, str) else after
    dependencies = ", ".join(repr(tuple(name.split("."))) for name in names)
    lines = [
        "from django.conf import settings",
        "from django.db import migrations, models",
        *([textwrap.dedent(head).strip()] if head else []),
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


def create(name: str, *fields: str, options: str = "") -> str:
    """Return a ``CreateModel`` on one line, with a primary key."""
    key = '("id", models.AutoField(primary_key=True))'
    more = f", options={options}" if options else ""
    return f"migrations.CreateModel({name!r}, [{', '.join([key, *fields])}]{more})"


def at(app: str, name: str) -> str:
    """Return the path of a migration."""
    return f"{app}/migrations/{name}.py"


def write_tree(root: Path, tree: Tree, *, packages: bool = True) -> None:
    """Write files; every migrations folder gets its ``__init__.py`` unless told not to."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if packages and path.parent.name == "migrations":
            (path.parent / "__init__.py").touch()
