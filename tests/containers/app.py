"""The example's own Compose files, started as a person would who is not root."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.containers.stack import BASE, DEV, POSTGRES, Stack

if TYPE_CHECKING:
    from tests.e2e.shop import Run

USER = 1234
SOCKET = Path("/var/run/docker.sock")


class App(Stack):
    """The example in containers with PostgreSQL, and a user to whom its tree belongs."""

    def settle(self, port: int, *, user: str = f"{USER}:{USER}") -> None:
        """Write ``.env``, and give the tree to its user."""
        lines = {
            "COMPOSE_PROJECT_NAME": self.folder.name,
            "PYTHON_IMAGE": BASE,
            "POSTGRES_IMAGE": POSTGRES,
            "PORT": str(port),
            **dict(zip(("UID", "GID"), user.split(":"), strict=True)),
        }
        self.write(".env", "".join(f"{name}={value}\n" for name, value in lines.items()))
        self.own()

    def own(self) -> None:
        """Give everything in the tree, and the home directory, to the user."""
        for top in (self.folder, self.home):
            for path in (top, *top.rglob("*")):
                os.chown(path, USER, USER, follow_symlinks=False)

    def run(
        self,
        *words: str,
        cwd: Path | None = None,
        variables: Mapping[str, str] | None = None,
        program: Sequence[str] | None = None,
        before: Sequence[str] = (),
    ) -> Run:
        """Run a program as the user, who may talk to the engine."""
        return super().run(
            *words, cwd=cwd, variables=variables, program=program, before=(*before, *as_user())
        )

    def owners(self) -> set[int]:
        """The users that something in the tree belongs to."""
        return {path.lstat().st_uid for path in self.folder.rglob("*")}

    def ask_web(self, code: str) -> str:
        """Run some Python in the project, in its container."""
        shell = ("exec", "-T", "web", "python", "manage.py", "shell", "-v0", "-c", code)
        return self.compose(*shell, file=DEV).splitlines()[-1]


def as_user() -> list[str]:
    """Return what stands before a command line so that the user runs it, not root."""
    if os.geteuid() != 0:
        return []
    group = SOCKET.stat().st_gid
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", f"--groups={group}", "--inh-caps=-all"]
