"""A folder for one run's throwaway files, and the sweep of what killed runs left behind.

A run holds a lock on its folder for as long as it lives; the system lets go of it however the
process ends. So a folder whose lock is free belongs to nobody, whatever its age.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from functools import cached_property
from pathlib import Path

from workflow.errors import CouldNotCheck

LOCK = "lock"
PREFIX = "run-"


class Scratch:
    """One run's folder, below the tool's own folder in the project."""

    def __init__(self, state_folder: Path) -> None:
        self._state_folder = state_folder
        self.kept = False

    @cached_property
    def folder(self) -> Path:
        """The folder, made and locked. Raises CouldNotCheck where nothing can be written."""
        parent = self._state_folder / "scratch"
        try:
            _make_ignored(self._state_folder)
            parent.mkdir(exist_ok=True)
            sweep(parent)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
            self._lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise CouldNotCheck(
                f"no scratch files can be written below {self._state_folder}: {error.strerror}"
            ) from error
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return folder

    def remove(self) -> None:
        """Remove the folder, and the tool's own folder too where it is empty then."""
        if "folder" not in self.__dict__ or self.kept:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)
        _remove_if_empty(self.folder.parent)


def sweep(parent: Path) -> None:
    """Remove the folders of runs that are no longer alive."""
    for folder in parent.glob(PREFIX + "*"):
        if not (folder / "keep").exists() and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False  # just being made, or just being removed, by its owner
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(lock)


def _make_ignored(folder: Path) -> None:
    """Make the tool's own folder, which tells git to ignore it, itself included."""
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _remove_if_empty(folder: Path) -> None:
    for candidate in (folder, folder.parent):
        ours = {path.name for path in candidate.iterdir()} if candidate.is_dir() else {""}
        if candidate is not folder and ours == {".gitignore"}:
            (candidate / ".gitignore").unlink(missing_ok=True)
            ours = set()
        if ours:
            return
        candidate.rmdir()
