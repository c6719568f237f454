"""Git as it is on this machine, and as it was before it could merge trees."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

OLD_GIT = """\
#!/bin/sh
if [ "$1" = merge-tree ]; then
  echo "usage: git merge-tree <base-tree> <branch1> <branch2>" >&2
  exit 129
fi
exec {git} "$@"
"""


def make_git_old(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a git first on the path that merges no trees, as those before 2.38."""
    program = folder / "git"
    folder.mkdir()
    program.write_text(OLD_GIT.format(git=shutil.which("git")), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(params=["git", "an older git"])
def any_git(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run the test with each of them."""
    if request.param == "an older git":
        make_git_old(tmp_path / "old-git", monkeypatch)
