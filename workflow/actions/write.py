"""Writes drafted migrations: all of them or none, and never half of one.

Each file is written in full, and flushed to the disk, in this run's scratch folder. Only then
are the files linked into place, in the order of their dependencies: a link appears at once and
whole, and never replaces a file. Whatever is killed when, every prefix is a sound history.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.context import show_path
from workflow.errors import CouldNotCheck
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context, DraftedFile

NAME = "write"

CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK}
"""What a file system says that can't link, or not to another."""


def plan(context: Context) -> str:
    """Return what ``run`` would write."""
    if not context.drafted:
        return "nothing to write"
    return "\n".join(
        f"would write {show_path(draft.path, context.settings.project)}"
        for draft in context.drafted
    )


def run(context: Context) -> StepResult:
    """Write the drafts. Raises CouldNotCheck where the disk refuses, with nothing written."""
    if not context.drafted:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing was drafted")
    made: list[Path] = []
    try:
        staged = [_stage(draft, context.scratch.folder) for draft in context.drafted]
        for draft, path in zip(context.drafted, staged, strict=True):
            _make_package(draft.path.parent, made)
            _place(path, draft.path, made)
    except OSError as error:
        _take_back(made)
        raise CouldNotCheck(
            f"the migration could not be saved: {error.strerror}: "
            f"{error.filename2 or error.filename}. "
            "Nothing was written."
        ) from error
    except BaseException:
        _take_back(made)
        raise
    written = "\n".join(
        f"wrote {show_path(draft.path, context.settings.project)}" for draft in context.drafted
    )
    return StepResult(NAME, Verdict.PASSED, details=written)


def _stage(draft: DraftedFile, folder: Path) -> Path:
    path = folder / f"{draft.app}.{draft.path.name}"
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(draft.text)
        file.flush()
        os.fsync(file.fileno())
    return path


def _make_package(folder: Path, made: list[Path]) -> None:
    """Make a migrations package where an app has none yet."""
    if not folder.exists():
        folder.mkdir()
        made.append(folder)
    package = folder / "__init__.py"
    if not package.exists():
        package.touch()
        made.append(package)


def _place(staged: Path, target: Path, made: list[Path]) -> None:
    try:
        os.link(staged, target)
    except OSError as error:
        if error.errno not in CANNOT_LINK:
            raise
        _place_across(staged, target)
    made.append(target)
    _flush_folder(target.parent)


def _place_across(staged: Path, target: Path) -> None:
    """Copy to another file system under a name that Django passes over, and give it its own."""
    beside = target.with_name(f"_{target.name}.{os.getpid()}.new")
    with beside.open("xb") as file:
        try:
            file.write(staged.read_bytes())
            file.flush()
            os.fsync(file.fileno())
            _rename_to_new(beside, target)
        finally:
            beside.unlink(missing_ok=True)


def _rename_to_new(path: Path, target: Path) -> None:
    """Give a file its name without taking that from another."""
    try:
        os.link(path, target)
    except OSError as error:
        if error.errno not in CANNOT_LINK:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        path.rename(target)


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # some file systems can't flush a folder, and lose nothing by it
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _take_back(made: list[Path]) -> None:
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()
