"""Three projects as templates make them, each with the habits of another team."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.adoption.member import FIELD, Member

MODELS = f"""\
from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=20)
{FIELD}"""

IGNORED = ".venv/\n__pycache__/\n*.sqlite3\n"

MAKEFILE = """\
# The team's own.
.PHONY: run test
run:
\t.venv/bin/python manage.py runserver
test:
\t.venv/bin/python manage.py test
"""

COMPOSE = """\
services:
  database:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: development
"""


class Habit(NamedTuple):
    """How one team works.

    ``project`` is the folder of the project in the repository. ``make`` writes the repository's
    files and its environment, ``adopt`` adds this tool to what the project needs.
    """

    name: str
    project: str
    make: Callable[[Member], None]
    adopt: Callable[[Member], None]
    framework: str


def _django(member: Member, *words: str, cwd: Path | None = None) -> None:
    member.run(str(member.folder / ".venv/bin/django-admin"), *words, cwd=cwd)


def _shop(member: Member, settings: str) -> None:
    """Add an app with one migration."""
    _django(member, "startapp", "shop", cwd=member.project)
    member.write("shop/models.py", MODELS)
    member.replace(settings, "INSTALLED_APPS = [\n", 'INSTALLED_APPS = [\n    "shop",\n')
    member.run(
        str(member.folder / ".venv/bin/python"), "manage.py", "makemigrations", cwd=member.project
    )
    (member.folder / ".gitignore").write_text(IGNORED, encoding="utf-8")


def _make_with_pip(member: Member) -> None:
    member.run(sys.executable, "-m", "venv", ".venv")
    (member.folder / "requirements.txt").write_text("Django~=5.2\n", encoding="utf-8")
    (member.folder / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    member.run(".venv/bin/python", "-m", "pip", "install", "-q", "-r", "requirements.txt")
    _django(member, "startproject", "shopfront", ".")
    _shop(member, "shopfront/settings.py")


def _adopt_with_pip(member: Member) -> None:
    with (member.folder / "requirements.txt").open("a", encoding="utf-8") as file:
        file.write("django-migration-workflow\n")
    member.run(".venv/bin/python", "-m", "pip", "install", "-q", "-r", "requirements.txt")


def _make_with_uv(member: Member) -> None:
    member.run("uv", "init", "--bare", "--name", "gazette")
    member.run("uv", "add", "wagtail~=8.0.0")
    member.run("uv", "run", "wagtail", "start", "gazette", ".")
    (member.folder / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    _shop(member, "gazette/settings/base.py")


def _adopt_with_uv(member: Member) -> None:
    member.run("uv", "add", "--dev", "django-migration-workflow")


def _make_with_poetry(member: Member) -> None:
    member.run("poetry", "new", "--name", "depot", str(member.folder))
    member.run("poetry", "env", "use", sys.executable)
    _install_for_poetry(member, "Django~=5.2")
    _django(member, "startproject", "config", "src", cwd=member.folder)
    settings = member.project / "config/settings"
    settings.mkdir()
    (member.project / "config/settings.py").rename(settings / "base.py")
    (settings / "__init__.py").touch()
    (settings / "local.py").write_text("from config.settings.base import *\n", encoding="utf-8")
    for name in ("manage.py", "config/wsgi.py", "config/asgi.py"):
        member.replace(name, "'config.settings'", "'config.settings.local'")
    _shop(member, "config/settings/base.py")


def _adopt_with_poetry(member: Member) -> None:
    _install_for_poetry(member, "django-migration-workflow")


def _install_for_poetry(member: Member, requirement: str) -> None:
    """Install with pip into Poetry's environment: Poetry itself can't use every package index."""
    words = ("--python", str(member.folder / ".venv"), "install", "--quiet", requirement)
    member.run(sys.executable, "-m", "pip", *words)


HABITS = (
    Habit("pip-and-make", ".", _make_with_pip, _adopt_with_pip, "pre-commit"),
    Habit("uv-and-compose", ".", _make_with_uv, _adopt_with_uv, "prek"),
    Habit("poetry-and-src", "src", _make_with_poetry, _adopt_with_poetry, "pre-commit"),
)
