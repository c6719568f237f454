"""A folder for one run's throwaway files, and the sweep of what killed runs left behind.

A run holds a lock on its folder for as long as it lives; the system lets go of it however the
process ends. So a folder whose lock is free belongs to nobody, whatever its age.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from workflow.errors import CouldNotCheck

LOCK = "lock"
KEEP = "keep"
IGNORE = ".gitignore"
PREFIX = "run-"


class Scratch:
    """One run's folder, below the tool's own folder in the project."""

    def __init__(self, state_folder: Path) -> None:
        self._state_folder = state_folder

    @cached_property
    def folder(self) -> Path:
        """The folder, made and locked. Raises CouldNotCheck where nothing can be written."""
        parent = self._state_folder / "scratch"
        try:
            make_state_folder(self._state_folder)
            parent.mkdir(exist_ok=True)
            with _alone(parent):
                sweep(parent)
                folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
                self._lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
                fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as error:
            raise CouldNotCheck(
                f"no scratch files can be written below {self._state_folder}: {error.strerror}"
            ) from error
        return folder

    def remove(self) -> None:
        """Remove the folder, and the tool's own folder too where it is empty then."""
        if "folder" not in self.__dict__ or (self.folder / KEEP).exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)
        _remove_if_empty(self.folder.parent)


def sweep(parent: Path) -> None:
    """Remove the folders of runs that are no longer alive, but for what they say to keep."""
    for folder in parent.glob(PREFIX + "*"):
        if not (folder / KEEP).exists() and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def make_state_folder(folder: Path) -> None:
    """Make the tool's own folder, which tells git to ignore it, itself included."""
    folder.mkdir(exist_ok=True)
    ignore = folder / IGNORE
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one to make or sweep folders here."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _is_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return True  # whoever made it was killed before it could lock it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(lock)


def _remove_if_empty(parent: Path) -> None:
    """Remove the scratch and state folders unless somebody keeps something in them."""
    state_folder = parent.parent
    with suppress(OSError):
        parent.rmdir()
        if [path.name for path in state_folder.iterdir()] == [IGNORE]:
            (state_folder / IGNORE).unlink()
            state_folder.rmdir()
