"""Sharing a long piece of work with a second processor."""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

ENOUGH = 300
"""Pieces of work from which on a second process is worth its start."""


def share(pieces: Sequence[T], work: Callable[[T], Any]) -> list[Any]:
    """Return what the work makes of each piece, in their order.

    Where it pays, a forked copy of this process does every other one. Results must be plain
    data that marshal takes. Whatever happens to the copy, the result is complete.
    """
    if len(pieces) < ENOUGH or not _may_fork():
        return [work(piece) for piece in pieces]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Were it open here too, the copy would not notice that nobody reads any more.
        os.close(reading)
        _work_and_leave(pieces[1::2], work, writing)
    os.close(writing)
    try:
        ours = [work(piece) for piece in pieces[::2]]
        theirs = _received(reading, len(pieces) // 2)
    finally:
        os.close(reading)  # a copy that is still writing ends by it
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
    if theirs is None:
        theirs = [work(piece) for piece in pieces[1::2]]
    results = [None] * len(pieces)
    results[::2], results[1::2] = ours, theirs
    return results


def _may_fork() -> bool:
    """Return whether forking is possible, safe and of use."""
    threading = sys.modules.get("threading")
    alone = threading is None or threading.active_count() == 1
    return hasattr(os, "fork") and sys.platform != "darwin" and alone and (os.cpu_count() or 1) > 1


def _work_and_leave(pieces: Sequence[T], work: Callable[[T], Any], writing: int) -> None:
    """Do the copy's share, and end without what the original does at its own end."""
    try:
        data = marshal.dumps([work(piece) for piece in pieces])
        with open(writing, "wb") as pipe:
            pipe.write(data)
    finally:
        os._exit(0)  # what is missing then, the original does itself


def _received(reading: int, count: int) -> list[Any] | None:
    """Return the copy's results, ``None`` where they are not all there."""
    with open(reading, "rb", closefd=False) as pipe:
        data = pipe.read()
    try:
        results = marshal.loads(data)  # noqa: S302 - written by our own copy
    except (EOFError, ValueError, TypeError):
        return None
    return results if isinstance(results, list) and len(results) == count else None
