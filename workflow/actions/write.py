"""Writes drafted migrations: all of them or none, and never half of one.

Each file is written in full, and flushed to the disk, in this run's scratch folder. Only then
are the files linked into place, in the order of their dependencies: a link appears at once and
whole, and never replaces a file. Whatever is killed when, every prefix is a sound history.

Files that say where an app's migrations end (the lock file, and ``max_migration.txt`` of
django-linear-migrations) are brought up to date after that, where a project has them. Killed in
between, what says so too little is named by the static gate, or by that package's check.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.actions.replacing import flush_folder, replace
from workflow.context import show_path
from workflow.errors import CouldNotCheck
from workflow.gates.locked import lock_file, text_of
from workflow.gates.validate_draft import overlay_of
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context, DraftedFile

NAME = "write"

MAX_MIGRATION = "max_migration.txt"
"""Beside an app's migrations: the name of the last one, kept by django-linear-migrations."""

CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK}
"""What a file system says that can't link, or not to another."""


def plan(context: Context) -> str:
    """Return what ``run`` would write."""
    if not context.drafted:
        return "nothing to write"
    return _told(context, "would write", "would update")


def run(context: Context) -> StepResult:
    """Write the drafts. Raises CouldNotCheck where the disk refuses, with nothing written."""
    if not context.drafted:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing was drafted")
    made: list[Path] = []
    replaced: dict[Path, bytes] = {}
    try:
        followers = _followers(context)
        staged = [_stage(draft, context.scratch.folder) for draft in context.drafted]
        for draft, path in zip(context.drafted, staged, strict=True):
            _make_package(draft.path.parent, made)
            _place(path, draft.path, made)
        for path, text in followers.items():
            replaced[path] = path.read_bytes()
            replace(path, text)
    except OSError as error:
        _take_back(made, replaced)
        raise CouldNotCheck(
            f"the migration could not be saved: {error.strerror}: "
            f"{error.filename2 or error.filename}. "
            "Nothing was written."
        ) from error
    except BaseException:
        _take_back(made, replaced)
        raise
    return StepResult(NAME, Verdict.PASSED, details=_told(context, "wrote", "updated"))


def _told(context: Context, writes: str, updates: str) -> str:
    project = context.settings.project
    followers = (*_pointers(context), *_lock(context))
    lines = [f"{writes} {show_path(draft.path, project)}" for draft in context.drafted]
    return "\n".join([*lines, *(f"{updates} {show_path(path, project)}" for path in followers)])


def _followers(context: Context) -> dict[Path, bytes]:
    """Return the files that say where migrations end, as they should be with the drafts."""
    texts = {path: f"{name}\n" for path, name in _pointers(context).items()}
    for path in _lock(context):
        overlay = overlay_of(context)
        texts[path] = text_of(context, context.read_history(overlay), overlay)
    return {path: text.encode("utf-8") for path, text in texts.items()}


def _pointers(context: Context) -> dict[Path, str]:
    """Return the ``max_migration.txt`` of each app that is drafted for, and the name for it."""
    pairs = ((draft.path.with_name(MAX_MIGRATION), draft.name) for draft in context.drafted)
    return {path: name for path, name in pairs if path.is_file()}


def _lock(context: Context) -> tuple[Path, ...]:
    path = lock_file(context)
    return (path,) if path.is_file() else ()


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
    flush_folder(target.parent)


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


def _take_back(made: list[Path], replaced: Mapping[Path, bytes]) -> None:
    for path, text in replaced.items():
        with suppress(OSError):
            replace(path, text)
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()
