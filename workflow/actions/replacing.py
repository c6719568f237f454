"""Puts a text in the place of another: at once and whole, whatever is killed when."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Write a file anew, or make it. Raises OSError, with the old text in place."""
    target = Path(os.path.realpath(path))  # behind a link, what it leads to is the file
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """See that what was done in a folder is on the disk."""
    with suppress(OSError):  # some file systems can't flush a folder, and lose nothing by it
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
