"""What git says about the project's tree. Everything here is silent outside git."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from workflow.errors import CouldNotCheck
from workflow.project import process
from workflow.project.commit import Commit

REMOTE_DEFAULT = "refs/remotes/origin/HEAD"
"""Points to the branch that the remote calls its default."""

USUAL = (
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
"""What main branches are called where the remote does not tell."""


class Change(NamedTuple):
    """A file that a commit has and that is another one now, or gone.

    ``path`` is relative to the directory, ``blob`` names what the commit has there.
    """

    path: str
    blob: str
    is_gone: bool


class LastChange(NamedTuple):
    """A commit in words for a person, and when its change was written: a rebase keeps that."""

    told: str
    written: datetime


LINK = "120000"
"""The mode of a symbolic link: what git keeps of it is where it leads."""


class Git:
    """The repository around a project directory, if there is one."""

    def __init__(
        self, directory: Path, main_branch: str | None = None, *, commit: Commit | None = None
    ) -> None:
        self.directory = directory
        self._main_branch = main_branch
        self._commit = commit
        self._variables = {} if commit is None else commit.variables(directory)

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
    def remote(self) -> str | None:
        """The address of the remote ``origin``. It may hold a password: not to be shown."""
        return self._read("config", "--get", "remote.origin.url")

    @cached_property
    def hooks_path(self) -> str | None:
        """Where the configuration says that hooks are, if it says so."""
        return self._read("config", "--get", "core.hooksPath")

    @cached_property
    def hooks(self) -> Path:
        """The folder of hooks. It may not exist."""
        return self.directory / (self._read("rev-parse", "--git-path", "hooks") or ".git/hooks")

    @cached_property
    def main_branch(self) -> str | None:
        """The branch that others work from: configured, else the remote's, else a usual name."""
        if self._main_branch is not None:
            return self._main_branch if self.top else None
        answer = self._read("for-each-ref", "--format=%(refname) %(symref)", REMOTE_DEFAULT, *USUAL)
        found = dict(line.split(" ", 1) for line in (answer or "").splitlines())
        names = (found.get(REMOTE_DEFAULT), *(name for name in USUAL if name in found))
        return next((_short(name) for name in names if name), None)

    @cached_property
    def branch_point(self) -> str | None:
        """The commit where the current branch left the main branch.

        ``None`` where there is none, and on the main branch itself.
        """
        if self.main_branch is None:
            return None
        point = self._read("merge-base", self.main_branch, self.head)
        return None if point == self._read("rev-parse", self.head) else point

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

    def commit(self, name: str) -> str | None:
        """Return the commit that a branch, tag or other name means here, if it means one."""
        if name.startswith("-"):
            return None  # git forbids such names, and would take this one for an option
        return self._read("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def commit_before(self, moment: str) -> str | None:
        """Return the newest commit of the branch in hand that is older than a moment (ISO 8601)."""
        return self._read("rev-list", "--max-count=1", f"--before={moment}", self.head) or None

    def in_hand_at(self, moment: str) -> str | None:
        """Return the commit that was checked out here at a moment (ISO 8601), with its time zone.

        ``None`` where git's log of that (https://git-scm.com/docs/git-reflog) begins later.
        """
        until = datetime.fromisoformat(moment).timestamp()
        return next((commit for seconds, commit in self._in_hand if seconds <= until), None)

    @cached_property
    def _in_hand(self) -> list[tuple[int, str]]:
        """The commits that were checked out here, the newest first, each with when that began."""
        answer = self._read("log", "--walk-reflogs", "--date=unix", "--format=%gd %H", "HEAD", "--")
        lines = (line.split(" ") for line in (answer or "").splitlines())
        return [(int(name[6:-1]), commit) for name, commit in lines]  # HEAD@{1772366400}

    def last_change(self, path: str) -> LastChange | None:
        """Return the commit that changed a file last."""
        words = ["log", "-1", "--format=%at %h of %as", self.head, "--", path]
        written, blank, told = (self._read(*words) or "").partition(" ")
        if not blank:
            return None
        return LastChange(told, datetime.fromtimestamp(int(written), tz=timezone.utc))

    def deletion(self, pattern: str) -> tuple[str, str, str] | None:
        """Return the commit that deleted a file last, its day, and the file's path."""
        words = ["log", "-1", "--diff-filter=D", "--no-renames", "--relative", "--name-only"]
        answer = self._read(*words, "--format=%h%n%as", self.head, "--", pattern)
        parts = [line for line in (answer or "").splitlines() if line]
        return (parts[0], parts[1], parts[2]) if len(parts) > 2 else None

    def shared_commit(self, name: str) -> str | None:
        """Return the newest commit that HEAD and another branch have in common."""
        return None if name.startswith("-") else self._read("merge-base", name, self.head)

    @property
    def head(self) -> str:
        """The newest commit of the branch in hand: the pushed one, where one is."""
        pushed = self._commit.pushed if self._commit is not None else None
        return pushed or "HEAD"

    @cached_property
    def remotes(self) -> list[str]:
        """The names of the repositories that this one fetches from."""
        return (self._read("remote") or "").splitlines()

    @cached_property
    def is_shallow(self) -> bool:
        """Whether older commits were left out when this was cloned."""
        return self._read("rev-parse", "--is-shallow-repository") == "true"

    def changes_since(self, commit: str, patterns: Sequence[str]) -> list[Change]:
        """Return what the directory's files are no longer, compared with a commit.

        What is not committed counts; in a hook, what is about to be. ``patterns`` are git's
        pathspecs. A file may be named that is the same after all: git goes by size and time.
        Raises CouldNotCheck.
        """
        words = ["diff-index", commit]
        if self._commit is not None:
            pushed = self._commit.pushed
            words = ["diff-tree", commit, pushed] if pushed else ["diff-index", "--cached", commit]
        return list(_changes(self._raw(*words, patterns=patterns)))

    def about_to_change(self) -> list[str] | None:
        """Return what a hook's commit or push changes below the directory, relative to it.

        ``None`` where git can't tell.
        """
        commit = self._commit or Commit()
        what = ["--cached"]
        if commit.pushed is not None:
            what = [f"{commit.since}...{commit.pushed}"]
        answer = self._read("diff", "--name-only", "--no-renames", "-z", "--relative", *what)
        return None if answer is None else [name for name in answer.split("\0") if name]

    def not_in_commit(self, patterns: Sequence[str]) -> dict[str, bytes | None]:
        """Return files that are not on disk as a hook's commit has them, relative to the directory.

        With each goes what the commit has: ``None`` for a file that is no part of it. Files that
        git ignores are left out. Raises CouldNotCheck.
        """
        pushed = self._commit.pushed if self._commit is not None else None
        words = ["diff-files"] if pushed is None else ["diff-index", pushed]
        raw = list(self._raw(*words, patterns=patterns))
        blobs = {change.path: change.blob for change in _changes(raw)}
        contents = self.contents(blobs.values())
        added = [path for about, path in raw if about.endswith("A")]
        others = self._answer("ls-files", "-z", "--others", "--exclude-standard", "--", *patterns)
        return {
            **dict.fromkeys([*added, *(name for name in others.split("\0") if name)]),
            **{path: contents[blob] for path, blob in blobs.items()},
        }

    def _raw(self, *words: str, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield what git says about each file that differs, and the file's path."""
        answer = self._answer(
            words[0], "-z", "-r", "--no-renames", "--relative", *words[1:], "--", *patterns
        )
        parts = iter(answer.split("\0"))
        return zip(parts, parts, strict=False)

    def blobs_at(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """Return what a commit has at these paths, relative to the directory.

        Raises CouldNotCheck.
        """
        found = {}
        for line in self._answer("ls-tree", "-z", commit, "--", *paths).split("\0"):
            about, tab, path = line.partition("\t")
            if tab:
                found[path] = about.split()[2]
        return found

    def contents(self, blobs: Iterable[str]) -> Mapping[str, bytes]:
        """Return the bytes of blobs. Raises CouldNotCheck where git can't give one."""
        wanted = list(dict.fromkeys(blobs))
        if not wanted:
            return {}
        done = process.run(
            ["git", "cat-file", "--batch"],
            cwd=self.directory,
            told="".join(f"{blob}\n" for blob in wanted).encode(),
            variables=self._variables,
        )
        return dict(_contents(wanted, done.stdout.encode("utf-8", "surrogateescape")))

    def _answer(self, *arguments: str) -> str:
        """Return what git says where having no answer would mean that nothing was looked at."""
        done = process.run(["git", *arguments], cwd=self.directory, variables=self._variables)
        if done.code != 0:
            said = " ".join(done.stderr.split())
            raise CouldNotCheck(f"git {arguments[0]} failed: {said or f'exit code {done.code}'}")
        return done.stdout

    def _read(self, *arguments: str) -> str | None:
        try:
            done = process.run(["git", *arguments], cwd=self.directory, variables=self._variables)
        except CouldNotCheck:
            return None
        return done.stdout.removesuffix("\n") if done.code == 0 else None


def _short(name: str) -> str:
    return name.removeprefix("refs/remotes/").removeprefix("refs/heads/")


def _changes(pairs: Iterable[tuple[str, str]]) -> Iterator[Change]:
    for about, path in pairs:
        old_mode, _, blob, _, status = about.removeprefix(":").split(" ")
        if status[0] in "DMT" and old_mode != LINK:
            yield Change(path, blob, is_gone=status[0] == "D")


def _contents(wanted: Iterable[str], answer: bytes) -> Iterator[tuple[str, bytes]]:
    place = 0
    for blob in wanted:
        end = answer.find(b"\n", place)
        kind, _, size = (
            answer[place:end].decode("utf-8", "replace").partition(" ")[2].partition(" ")
        )
        if end < 0 or kind != "blob":
            raise CouldNotCheck(f"git can't give what it keeps as {blob}: the clone is not whole")
        yield blob, answer[end + 1 : end + 1 + int(size)]
        place = end + 1 + int(size) + 1
