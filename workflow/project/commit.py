"""What git is about to commit or to push, as it and the frameworks tell a hook."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

INDEX = "GIT_INDEX_FILE"
"""Set by git. ``git commit FILE`` and ``git commit -a`` have an index of their own."""

PUSHED, SINCE = "PRE_COMMIT_TO_REF", "PRE_COMMIT_FROM_REF"
"""Set by pre-commit and prek: the commit that is pushed, and the last one that the remote has."""


class Commit(NamedTuple):
    """A commit that is not there yet, or the one that is pushed.

    ``staged`` is the index that holds what will be committed, where git names one.
    """

    staged: Path | None = None
    pushed: str | None = None
    since: str | None = None

    def variables(self, directory: Path) -> dict[str, str]:
        """Return what a git that is started in ``directory`` must know of it.

        The index of another repository, such as that around a submodule, is none of its business.
        """
        if self.staged is None or self.staged.parent != _git_folder(directory):
            return {}
        return {INDEX: str(self.staged)}


def about_to(variables: Mapping[str, str]) -> Commit:
    """Return the commit that the environment of a hook speaks of."""
    index = variables.get(INDEX)
    return Commit(
        None if index is None else Path(index).resolve(),
        variables.get(PUSHED),
        variables.get(SINCE),
    )


def _git_folder(directory: Path) -> Path | None:
    """Return where git keeps the index of the tree around a folder."""
    for folder in (directory, *directory.parents):
        mark = folder / ".git"
        if mark.is_dir():
            return mark.resolve()
        if mark.is_file():  # of a worktree or a submodule: it names the folder
            named = mark.read_text(encoding="utf-8", errors="surrogateescape").strip()
            return Path(os.path.join(folder, named.removeprefix("gitdir: "))).resolve()  # noqa: PTH118
    return None
