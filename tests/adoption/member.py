"""Somebody with a clone, and the programs that they have."""

from __future__ import annotations

import os
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

SECONDS = 600
"""What one command may take at most: some install packages from the index."""

FIELD = "    # more\n"

MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [({app!r}, {after!r})]
    operations = [
        migrations.AddField("product", {field!r}, models.IntegerField(null=True)),
    ]
"""


class Run(NamedTuple):
    """How a command ended, and all that it said."""

    code: int
    text: str


class Member:
    """One clone. ``project`` is the folder of the project in it, ``variables`` the environment."""

    def __init__(self, folder: Path, variables: Mapping[str, str], project: str = ".") -> None:
        self.folder = folder
        self.variables = dict(variables)
        self.project = folder / project

    def run(self, *argv: str, code: int = 0, cwd: Path | None = None) -> str:
        """Run a program, which must end with this exit code; return what it said."""
        done = self.try_to(*argv, cwd=cwd)
        assert done.code == code, f"{' '.join(argv)}: exit code {done.code}\n{done.text}"
        return done.text

    def try_to(self, *argv: str, cwd: Path | None = None) -> Run:
        """Run a program, however it ends."""
        done = subprocess.run(
            argv,
            cwd=cwd or self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        return Run(done.returncode, os.fsdecode(done.stdout))

    def git(self, *words: str, code: int = 0) -> str:
        """Run git."""
        return self.run("git", *words, code=code).strip()

    def tool(self, *words: str, code: int = 0) -> str:
        """Run the console script of the project's own environment, in the project's folder."""
        program = self.folder / ".venv/bin/migration-workflow"
        return self.run(str(program), *words, code=code, cwd=self.project)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project, dedented."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace what must be there exactly once."""
        text = (self.project / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        (self.project / name).write_text(text.replace(old, new), encoding="utf-8")

    def add_field(self, app: str, field: str) -> None:
        """Add a field to the app's model, and no migration."""
        line = f"    {field} = models.IntegerField(null=True)\n"
        self.replace(f"{app}/models.py", FIELD, line + FIELD)

    def add_migration(self, app: str, name: str, *, after: str, field: str) -> None:
        """Write a migration that adds a field by hand."""
        text = MIGRATION.format(app=app, after=after, field=field)
        self.write(f"{app}/migrations/{name}.py", text)

    def commit(self, message: str, *words: str, code: int = 0) -> str:
        """Commit what is staged."""
        return self.git("commit", "--message", message, *words, code=code)

    def commit_all(self, message: str, code: int = 0) -> str:
        """Stage everything, and commit it."""
        self.git("add", "--all")
        return self.commit(message, code=code)

    @property
    def head(self) -> str:
        """The newest commit."""
        return self.git("rev-parse", "HEAD")
