"""What git says about the project's tree. Everything here is silent outside git."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from workflow.errors import CouldNotCheck
from workflow.project import process


class Git:
    """The repository around a project directory, if there is one."""

    def __init__(self, directory: Path, main_branch: str | None = None) -> None:
        self.directory = directory
        self._main_branch = main_branch

    @cached_property
    def top(self) -> Path | None:
        """The top of the working tree, or ``None`` outside git or where git is missing."""
        answer = self._read("rev-parse", "--show-toplevel")
        return Path(answer) if answer else None

    @cached_property
    def branch(self) -> str | None:
        """The current branch, or ``None`` for a detached HEAD."""
        return self._read("symbolic-ref", "--quiet", "--short", "HEAD")

    @cached_property
    def main_branch(self) -> str | None:
        """The branch that others work from: configured, else the remote's, else a usual name."""
        if self.top is None:
            return None
        if self._main_branch is not None:
            return self._main_branch
        remote = self._read("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
        names = [remote] if remote else ["origin/main", "origin/master", "main", "master"]
        return next((name for name in names if self._exists(name)), None)

    @cached_property
    def branch_point(self) -> str | None:
        """The commit where the current branch left the main branch.

        ``None`` where there is none, and on the main branch itself.
        """
        if self.main_branch is None:
            return None
        point = self._read("merge-base", self.main_branch, "HEAD")
        return None if point == self._read("rev-parse", "HEAD") else point

    def files_at(self, commit: str) -> list[str] | None:
        """Return the files below the directory at a commit, relative to the directory."""
        answer = self._read("ls-tree", "-r", "-z", "--name-only", commit, ".")
        return None if answer is None else [name for name in answer.split("\0") if name]

    def uncommitted(self) -> list[str]:
        """Return files below the directory that differ from HEAD or are new, relative to it."""
        answer = self._read("status", "--porcelain", "-z", "--untracked-files=all", "--", ".")
        if not answer or self.top is None:
            return []
        paths, entries = [], iter(answer.split("\0"))
        for entry in entries:
            if not entry:
                continue
            if entry[0] in "RC":
                next(entries, None)  # the name it had before
            paths.append(self.top / entry[3:])
        inside = [path for path in paths if path.is_relative_to(self.directory)]
        return [str(path.relative_to(self.directory)) for path in inside]

    def changed_since(self, commit: str) -> list[str]:
        """Return files below the directory that differ from a commit, relative to it."""
        answer = self._read("diff", "--name-only", "-z", "--relative", commit, "--", ".")
        return [name for name in (answer or "").split("\0") if name]

    def _exists(self, name: str) -> bool:
        return self._read("rev-parse", "--verify", "--quiet", name + "^{commit}") is not None

    def _read(self, *arguments: str) -> str | None:
        try:
            done = process.run(["git", *arguments], cwd=self.directory)
        except CouldNotCheck:
            return None
        return done.stdout.removesuffix("\n") if done.code == 0 else None
