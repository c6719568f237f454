"""Real histories from the package index, and trees of any size made of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.corpora.packages import CORPORA, tree_of
from workflow.history.reading import read_history

MANAGE = """\
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""


class Source(NamedTuple):
    """One app of a package: its label and its migrations folder."""

    label: str
    folder: Path
    size: int


def sources() -> list[Source]:
    """Return every app of every package, the longest histories first, each label once."""
    found: dict[str, Source] = {}
    for corpus in CORPORA:
        tree = tree_of(corpus)
        for app in read_history(tree).apps.values():
            source = Source(app.label, tree / app.path, len(app.migrations))
            found.setdefault(app.label, source)
    return sorted(found.values(), key=lambda source: (-source.size, source.label))


def chosen(migrations: int, apps: int) -> list[Source]:
    """Return so many apps with about so many migrations in all: big ones, then what fits."""
    picked: list[Source] = []
    left = migrations
    for source in sources():
        room = left - 4 * (apps - len(picked) - 1)
        if len(picked) < apps and source.size <= room:
            picked.append(source)
            left -= source.size
    return picked


def make_tree(folder: Path, migrations: int, apps: int) -> int:
    """Make a project of real migrations, under git; return how many there are.

    Beyond the real ones, the same apps are there again under other labels.
    """
    base = chosen(min(migrations, 1400), apps)
    labels = [source.label for source in base]
    made = 0
    installed = []
    for copy in range(1 + (migrations - 1) // 1400):
        for source in base:
            if made >= migrations:
                break
            label = source.label if copy == 0 else f"{source.label}_{copy}"
            _copy(source, folder / label, label, labels, copy)
            installed.append(label)
            made += source.size
    (folder / "config").mkdir()
    (folder / "config/__init__.py").touch()
    (folder / "manage.py").write_text(MANAGE, encoding="utf-8")
    settings = f"INSTALLED_APPS = {installed!r}\n"
    (folder / "config/settings.py").write_text(settings, encoding="utf-8")
    put_under_git(folder)
    return made


def _copy(source: Source, app: Path, label: str, labels: Sequence[str], copy: int) -> None:
    shutil.copytree(source.folder, app / "migrations")
    (app / "__init__.py").touch()
    (app / "migrations/__init__.py").touch()
    (app / "models.py").touch()
    (app / "apps.py").write_text(
        "from django.apps import AppConfig\n\n\n"
        f"class Config(AppConfig):\n    name = {label!r}\n    label = {label!r}\n",
        encoding="utf-8",
    )
    if copy:
        quoted = re.compile(rf"""(["'])({"|".join(labels)})(["'.])""")
        for path in (app / "migrations").rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            path.write_text(quoted.sub(rf"\1\2_{copy}\3", text), encoding="utf-8")


def put_under_git(folder: Path) -> None:
    """Commit everything on ``main`` and begin a branch."""
    (folder / ".gitignore").write_text("__pycache__/\n.workflow/\n.venv\n", encoding="utf-8")
    who = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "."),
        (*who, "commit", "--quiet", "--message=All"),
        ("switch", "--quiet", "--create=feature"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, timeout=300)


def files_of(folder: Path) -> list[Path]:
    """Return the migrations of a tree."""
    return sorted(folder.glob("*/migrations/[!_]*.py"))
