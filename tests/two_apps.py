"""A small real Django project on disk: two apps, one database, and what tests do with it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from workflow.config import load_settings
from workflow.context import Context, Words

SECRET = "the-secret-key-of-the-test-project"

MANAGE = """\
import os
import sys

# before

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""

SETTINGS = f"""\
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = {SECRET!r}
INSTALLED_APPS = ["shop", "stock"]
DATABASES = {{
    "default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}},
}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""

SHOP = """\
from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=20)
    # more
"""

STOCK = """\
from django.db import models


class Place(models.Model):
    product = models.ForeignKey("shop.Product", models.CASCADE)
    # more
"""

KEY = (
    '("id", models.BigAutoField('
    'auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))'
)
PRODUCT = f'migrations.CreateModel("Product", [{KEY}, ("name", models.CharField(max_length=20))])'
PLACE = (
    f'migrations.CreateModel("Place", [{KEY}, '
    '("product", models.ForeignKey("shop.product", models.CASCADE))])'
)


class Silence:
    """Nobody at the terminal, but for answers that were prepared."""

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []
        self.told: list[str] = []

    def progress(self, text: str) -> None:
        self.told.append(text)

    def show(self, text: str) -> None:
        self.told.append(text)

    def ask(self, text: str) -> str | None:
        self.asked.append(text)
        return self.replies.pop(0) if self.replies else None


class Project:
    """A project in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contexts: list[Context] = []

    @property
    def database(self) -> Path:
        return self.folder / "db.sqlite3"

    def create(self) -> None:
        """Write two apps with one migration each."""
        self.write("manage.py", MANAGE)
        self.write("config/__init__.py", "")
        self.write("config/settings.py", SETTINGS)
        for app, models in (("shop", SHOP), ("stock", STOCK)):
            self.write(f"{app}/__init__.py", "")
            self.write(f"{app}/models.py", models)
            self.write(f"{app}/migrations/__init__.py", "")
        self.migration("shop", "0001_initial", PRODUCT, after=())
        self.migration("stock", "0001_initial", PLACE, after=(("shop", "0001_initial"),))

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file, dedented."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace what must be there exactly once."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def add_field(self, field: str, app: str = "shop") -> None:
        """Add a field to the app's model."""
        self.replace(f"{app}/models.py", "    # more\n", f"    {field}\n    # more\n")

    def add_setting(self, text: str) -> None:
        """Add lines to the end of the settings."""
        with (self.folder / "config/settings.py").open("a", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))

    def migration(
        self,
        app: str,
        name: str,
        *operations: str,
        after: tuple[tuple[str, str], ...] | None = None,
        head: str = "",
        body: str = "",
    ) -> Path:
        """Write a migration by hand. ``head`` is code above its class, ``body`` within it."""
        dependencies = ((app, "0001_initial"),) if after is None else after
        lines = [
            "from django.db import connections, migrations, models",
            textwrap.dedent(head),
            "class Migration(migrations.Migration):",
            *([textwrap.indent(textwrap.dedent(body), "    ")] if body else []),
            f"    dependencies = {list(dependencies)!r}",
            "    operations = [",
            *(f"        {operation}," for operation in operations),
            "    ]",
        ]
        return self.write(f"{app}/migrations/{name}.py", "\n".join(lines) + "\n")

    def manage(self, *words: str) -> None:
        """Run the project's own ``manage.py``; it must not fail."""
        subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.folder,
            check=True,
            capture_output=True,
            timeout=60,
        )

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git as somebody; it must not fail."""
        return git(cwd or self.folder, *words)

    def commit_all(self, message: str = "All") -> None:
        """Commit everything but throwaway files; the first time, on ``main``."""
        if not (self.folder / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")
            (self.folder / ".git/info/exclude").write_text("__pycache__/\n*.sqlite3\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database; commit what the statement changed."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(sql).fetchall()

    def dump(self) -> list[str]:
        """Everything that the database holds."""
        with closing(sqlite3.connect(self.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return list(connection.iterdump())

    def tree(self) -> dict[str, bytes]:
        """Every file, but for compiled Python and git's own."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not {"__pycache__", ".git"} & set(path.parts)
        }

    def context(
        self,
        *,
        talk: Silence | None = None,
        variables: Mapping[str, str] | None = None,
        database: str | None = None,
        writes: bool = False,
        asks_about_production: bool = False,
        **words: Any,
    ) -> Context:
        """What the steps of a flow get, on this project. Closed when the test ends."""
        settings = load_settings(self.folder, variables=variables or {}, database=database)
        context = Context(
            settings,
            Words(**words),
            talk or Silence(),
            writes=writes,
            asks_about_production=asks_about_production,
        )
        self.contexts.append(context)
        return context

    def close(self) -> None:
        """End every agent that was started."""
        while self.contexts:
            self.contexts.pop().close()


def git(folder: Path, *words: str) -> str:
    """Run git as somebody; it must not fail."""
    who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
    who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, **who, "GIT_CONFIG_NOSYSTEM": "1"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return done.stdout.decode("utf-8", "surrogateescape").strip()
