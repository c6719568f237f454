"""Somebody's repository, and ``setup`` run in it as they would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.two_apps import Project, Silence
from workflow.config import load_settings
from workflow.context import Context, Words
from workflow.setup.found import Found

BIN = Path(sys.executable).parent


class Repository(Project):
    """A repository with a Django project in it, at its top or below."""

    def found(self, folder: str = ".") -> Found:
        """What ``setup`` finds in it."""
        context = self.context_in(folder)
        return Found(context.settings, context.git)

    def context_in(self, folder: str = ".", talk: Silence | None = None, **words: Any) -> Context:
        settings = load_settings(self.folder / folder, variables={"CI": "1"})
        context = Context(settings, Words(**words), talk or Silence(), is_static=True)
        self.contexts.append(context)
        return context

    def setup(self, *words: str, code: int = 0, cwd: str = ".") -> str:
        """Run the console script; return what it said, with its blanks made one."""
        return self.run("migration-workflow", "setup", *words, code=code, cwd=cwd)

    def run(self, program: str, *words: str, code: int = 0, cwd: str = ".") -> str:
        """Run a program of this environment, away from any machine's own state."""
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if "MAKE" not in name}
        done = subprocess.run(
            [program, *words],
            cwd=self.folder / cwd,
            env={**kept, "PATH": path, "CI": "1", "PRE_COMMIT_HOME": str(self.folder / ".git/pc")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        return " ".join(said.split())

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()

    def text(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode()
