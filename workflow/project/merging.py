"""What a merge with another branch would bring, found out without doing it.

Git merges the commits in memory, its own way: with renames, and with the text of a file that
both sides changed in different places. An older git (before 2.38) can't, and neither can one
without a disk to write to; then each file is compared by itself: what one side alone changed is
taken over, and what both changed is torn. Either way nothing is checked out, and neither the
tree nor the index nor the repository is written to: what git makes anew is thrown away again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from workflow.errors import CouldNotCheck
from workflow.project import process
from workflow.project.git import LINK, Git

PATTERN = ":(glob)**/*.py"
"""What a history is read from."""

SUBMODULE = "160000"
"""The mode of a submodule: what git keeps of it is a commit of another repository."""

ABSENT = "000000"
"""The mode of a file that is not there."""

MERGED, TORN = 0, 1
"""How ``git merge-tree`` ends; anything else means that it could not."""


class Merge(NamedTuple):
    """What this branch's files would be after the merge. Paths are relative to the directory.

    ``texts``: files that the other branch brings or changes, ``None`` for one that goes.
    ``torn``: files that both sides changed, each in its own way. Nobody knows their texts yet.
    """

    texts: Mapping[str, bytes | None] = {}
    torn: frozenset[str] = frozenset()


class _Change(NamedTuple):
    """A file that differs between two trees, and the blobs there; ``None`` where it is not."""

    path: str
    old: str | None
    new: str | None


def foresee_merge(git: Git, other: str, base: str, read: Callable[[str], bytes | None]) -> Merge:
    """Return what a merge with a commit would bring to the files as they are.

    ``base`` is the newest commit that both sides share. ``read`` returns what a file says here,
    ``None`` where there is none: what is not committed counts as this branch's, too. Raises
    CouldNotCheck where git can't give what it keeps, and where nothing can be written at all.
    """
    tip = git.commit(other) or other
    if tip == base:
        return Merge()
    with _throwaway_folder() as folder:
        asked = _Borrowing(git.directory, Path(folder))
        merged = asked.merged(git.head, tip)
        start, (end, torn) = (base, (tip, [])) if merged is None else (git.head, merged)
        changes = [change for change in asked.between(start, end) if change.path not in torn]
        kept = asked.contents(blob for change in changes for blob in change[1:] if blob)
    return _laid_over(changes, kept, torn, read)


def _throwaway_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="migration-workflow-")
    except OSError as error:
        raise CouldNotCheck(
            f"no throwaway files can be written for the merge: {error.strerror}: {error.filename}"
        ) from error


def _laid_over(
    changes: Iterable[_Change],
    kept: Mapping[str, bytes],
    torn: Iterable[str],
    read: Callable[[str], bytes | None],
) -> Merge:
    texts: dict[str, bytes | None] = {}
    both = set(torn)
    for change in changes:
        old, new = (kept[blob] if blob else None for blob in change[1:])
        here = read(change.path)
        if old == new:
            continue  # its mode changed, or it is a link or a submodule: those have no text
        if _is_same(here, old):
            texts[change.path] = new
        elif not _is_same(here, new):
            both.add(change.path)
    return Merge(texts, frozenset(both))


def _is_same(one: bytes | None, other: bytes | None) -> bool:
    """Return whether two texts are one: git may give lines other ends when it writes them."""
    if one is None or other is None:
        return one is other
    return one == other or one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


class _Borrowing(Git):
    """The same repository, which puts what it makes anew into a folder of its own."""

    def __init__(self, directory: Path, folder: Path) -> None:
        super().__init__(directory)
        objects = directory / self._answer("rev-parse", "--git-path", "objects").rstrip("\n")
        self._variables = {
            "GIT_OBJECT_DIRECTORY": str(folder),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(str(objects)),
        }

    def merged(self, ours: str, theirs: str) -> tuple[str, list[str]] | None:
        """Return the tree that a merge would make, and the files that git could not merge.

        The second are relative to the directory. ``None`` where this git can't do it.
        """
        done = process.run(
            ["git", "merge-tree", "--write-tree", "--no-messages", "--name-only", "-z",
             ours, theirs],
            cwd=self.directory,
            variables=self._variables,
        )  # fmt: skip
        if done.code not in {MERGED, TORN}:
            return None
        tree, *torn = done.stdout.rstrip("\0").split("\0")
        return tree, [path for path in torn if not path.startswith("../")]

    def between(self, old: str, new: str) -> list[_Change]:
        """Return what differs between two trees. Raises CouldNotCheck."""
        answer = self._answer(
            "diff-tree", "-z", "-r", "--no-renames", "--relative", old, new, "--", PATTERN
        )
        parts = iter(answer.split("\0"))
        return [_change(about, path) for about, path in zip(parts, parts, strict=False)]


def _change(about: str, path: str) -> _Change:
    old_mode, new_mode, old, new, _ = about.removeprefix(":").split(" ")
    return _Change(path, old if _is_file(old_mode) else None, new if _is_file(new_mode) else None)


def _is_file(mode: str) -> bool:
    return mode not in {ABSENT, LINK, SUBMODULE}


def _quoted(path: str) -> str:
    """Return a path as git takes it in a list: it may hold what separates the others."""
    return '"{}"'.format(path.replace("\\", "\\\\").replace('"', '\\"'))


def texts_at(git: Git, commit: str, paths: Iterable[str]) -> dict[str, bytes | None]:
    """Return what must be laid over the files here so that they are those of a commit.

    ``paths`` are files here that matter: ``None`` stands for each that the commit lacks.
    Raises CouldNotCheck.
    """
    there = set(git.files_at(commit) or ())
    changes = git.changes_since(commit, [PATTERN])
    kept = git.contents(change.blob for change in changes)
    return {
        **dict.fromkeys(path for path in paths if path not in there),
        **{change.path: kept[change.blob] for change in changes},
    }
