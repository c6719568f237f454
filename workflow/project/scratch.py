"""A folder for one run's throwaway files, and the sweep of what killed runs left behind.

A run and its agent share a lock on the folder for as long as either lives; the system lets go
of it however they end. So a folder whose lock is free belongs to nobody, whatever its age.

A folder with a note in it (``keep``) is not swept: it holds the only way back to what a
database was before an apply that was cut off. Nor is one with a link to a database server
(``server``) that is still to be ended.
"""

from __future__ import annotations

import errno
import fcntl
import json
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
SERVER = "server"
IGNORE = ".gitignore"
PREFIX = "run-"

ATTEMPTS = 20
"""How often a folder is made again that a run removed which ended just then."""


class Scratch:
    """One run's folder, below the tool's own folder in the project."""

    def __init__(self, state_folder: Path) -> None:
        self._state_folder = state_folder

    @cached_property
    def folder(self) -> Path:
        """The folder, made and locked. Raises CouldNotCheck where nothing can be written."""
        parent = self._state_folder / "scratch"
        try:
            for _ in range(ATTEMPTS):
                # The second is what Path.mkdir makes of a folder that goes as it looks at it.
                with suppress(FileNotFoundError, FileExistsError):
                    return self._made(parent)
            return self._made(parent)
        except OSError as error:
            sweep_leftovers(self._state_folder)
            raise CouldNotCheck(
                f"no scratch files can be written below {self._state_folder}: {error.strerror}"
            ) from error

    def _made(self, parent: Path) -> Path:
        """Make and lock the folder. Raises OSError, also where another run removes ``parent``."""
        make_state_folder(self._state_folder)
        parent.mkdir(exist_ok=True)
        with _alone(parent):
            sweep(parent)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
            self._lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
        return folder

    @property
    def has_note(self) -> bool:
        """Whether the folder holds the only way back for a database."""
        return "folder" in self.__dict__ and (self.folder / KEEP).exists()

    def discard_note(self) -> None:
        """The database is whole again: the folder may go."""
        (self.folder / KEEP).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder, and the tool's own folder too where it is empty then."""
        if "folder" not in self.__dict__ or self.has_note:
            return
        folder: Path = self.__dict__.pop("folder")
        shutil.rmtree(folder, ignore_errors=True)
        os.close(self._lock)
        _remove_if_empty(folder.parent)


def sweep(parent: Path) -> None:
    """Remove the folders of runs that are no longer alive, but for what they say to keep."""
    for folder in _abandoned(parent):
        if not (folder / KEEP).exists() and not (folder / SERVER).is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def cut_off(state_folder: Path, turn_of: str | None = None) -> list[Path]:
    """Return the folders that an apply left behind which was killed before it could undo.

    Where we have the turn of a database (``turn_of``, an alias), nobody else is applying anything
    to it: then also those of runs that still live. They lost their turn with their agent.
    """
    parent = state_folder / "scratch"
    left = [folder for folder in _abandoned(parent) if (folder / KEEP).exists()]
    noted = [] if turn_of is None else [path.parent for path in parent.glob(f"{PREFIX}*/{KEEP}")]
    return left + sorted(one for one in noted if one not in left and _alias(one) == turn_of)


def _alias(folder: Path) -> str | None:
    """Return the alias of the database that a folder's note is about, if it says so."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        alias: str = json.loads((folder / KEEP).read_text(encoding="utf-8"))["database"]
        return alias
    return None


def with_servers(state_folder: Path) -> list[Path]:
    """Return the folders whose run was killed before it could end the server it had started."""
    return [
        folder for folder in _abandoned(state_folder / "scratch") if (folder / SERVER).is_symlink()
    ]


def sweep_leftovers(state_folder: Path) -> None:
    """Remove what killed runs left behind, if there is anything."""
    parent = state_folder / "scratch"
    with suppress(OSError):  # a tree that can't be written can't be swept either
        if parent.is_dir():
            with _alone(parent):
                sweep(parent)
    _remove_if_empty(parent)


def _abandoned(parent: Path) -> list[Path]:
    return [folder for folder in sorted(parent.glob(PREFIX + "*")) if is_abandoned(folder)]


def make_state_folder(folder: Path) -> None:
    """Make the tool's own folder, which tells git to ignore it, itself included."""
    folder.mkdir(exist_ok=True)
    ignore = folder / IGNORE
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one to make or sweep folders here, or to remove this one.

    Raises FileNotFoundError where another run has removed it meanwhile.
    """
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.samestat(os.fstat(lock), folder.stat()):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
        yield
    finally:
        os.close(lock)


def is_abandoned(folder: Path) -> bool:
    """Say whether neither the run that a folder was made for lives, nor its agent."""
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
        if parent.is_dir():
            with _alone(parent):
                parent.rmdir()
        if [path.name for path in state_folder.iterdir()] == [IGNORE]:
            (state_folder / IGNORE).unlink()
            state_folder.rmdir()
