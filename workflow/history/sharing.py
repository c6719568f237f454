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

    Where it pays, a copy of this process does every other one.
    """
    if len(pieces) < ENOUGH:
        return [work(piece) for piece in pieces]
    results = [None] * len(pieces)
    results[::2], results[1::2] = both(
        lambda: [work(piece) for piece in pieces[::2]],
        lambda: [work(piece) for piece in pieces[1::2]],
    )
    return results


def both(here: Callable[[], T], there: Callable[[], Any]) -> tuple[T, Any]:
    """Return the results of two pieces of work, the second done by a forked copy if possible.

    The second result must be plain data that marshal takes. Whatever happens to the copy, the
    result is complete: what it did not bring is done here.
    """
    if not _may_fork():
        return here(), there()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Were it open here too, the copy would not notice that nobody reads any more.
        os.close(reading)
        _work_and_leave(there, writing)
    os.close(writing)
    try:
        ours, theirs = here(), _received(reading)
    finally:
        os.close(reading)  # a copy that is still writing ends by it
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
    return ours, there() if theirs is None else theirs[0]


def _may_fork() -> bool:
    """Return whether forking is possible, safe and of use."""
    threading = sys.modules.get("threading")
    alone = threading is None or threading.active_count() == 1
    return hasattr(os, "fork") and sys.platform != "darwin" and alone and (os.cpu_count() or 1) > 1


def _work_and_leave(work: Callable[[], Any], writing: int) -> None:
    """Do the copy's piece, and end without what the original does at its own end."""
    try:
        data = marshal.dumps([work()])
        with open(writing, "wb") as pipe:
            pipe.write(data)
    finally:
        os._exit(0)  # what is missing then, the original does itself


def _received(reading: int) -> list[Any] | None:
    """Return what the copy sent, in a list, ``None`` where it is not whole."""
    with open(reading, "rb", closefd=False) as pipe:
        data = pipe.read()
    with contextlib.suppress(EOFError, ValueError, TypeError):
        result: list[Any] = marshal.loads(data)  # noqa: S302 - comes from a copy of this process
        return result
    return None
