"""Sharing work with a second process loses nothing, whatever happens to it."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.history.conftest import migration, write_tree
from tests.history.test_cache import snapshot
from workflow.history import sharing
from workflow.history.reading import read_history
from workflow.history.sharing import both, share

may_fork = sharing._may_fork


@pytest.fixture(autouse=True)
def forking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork for any amount of work, as a process with one thread and two processors would."""
    if not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    monkeypatch.setattr(sharing, "ENOUGH", 2)
    monkeypatch.setattr(sharing, "_may_fork", lambda: True)


pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 8, 1001])
def test_results_are_in_order(count: int) -> None:
    assert share(range(count), lambda piece: [piece, str(piece)]) == [
        [piece, str(piece)] for piece in range(count)
    ]


def test_results_may_be_bigger_than_a_pipe_holds() -> None:
    assert share(range(10), lambda _: b"x" * 100_000) == [b"x" * 100_000] * 10


def test_what_a_dead_copy_leaves_is_done_here() -> None:
    here = os.getpid()

    def work(piece: int) -> int:
        if os.getpid() != here and piece == 5:
            os._exit(9)
        return piece

    assert share(range(10), work) == list(range(10))


def test_what_a_copy_cannot_send_is_done_here() -> None:
    here = os.getpid()
    results = share(range(4), lambda piece: object() if os.getpid() != here else piece)
    assert results == [0, 1, 2, 3]


def test_the_second_piece_is_done_by_a_copy() -> None:
    ours, theirs = both(os.getpid, os.getpid)
    assert ours == os.getpid() != theirs


def test_what_a_copy_that_leaves_did_not_bring_is_done_here() -> None:
    here = os.getpid()

    def there() -> Any:
        return "done here" if os.getpid() == here else sys.exit(3)

    assert both(lambda: 1, there) == (1, "done here")


def test_what_is_no_plain_data_is_done_here() -> None:
    thing = object()
    assert both(lambda: 1, lambda: thing) == (1, thing)


def test_an_error_of_the_copy_is_raised_here() -> None:
    def fails() -> Any:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        both(lambda: 1, fails)


@pytest.mark.parametrize(
    ("threads", "processors", "forks"), [(1, 2, True), (2, 2, False), (1, 1, False)]
)
def test_a_lone_thread_forks_where_there_is_a_second_processor(
    threads: int, processors: int, forks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_may_fork", may_fork)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    ours, theirs = both(os.getpid, os.getpid)
    assert ours == os.getpid()
    assert (theirs != ours) == forks


def alone(check: Callable[[], None]) -> None:
    """Check in a process without children: this one may have servers that other tests use."""
    process = os.fork()
    if process == 0:
        try:
            check()
        except BaseException:  # noqa: BLE001 - it is shown, and told by the exit code
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def test_an_error_here_leaves_no_process_behind() -> None:
    outside = os.getpid()

    def work(piece: int) -> bytes:
        if os.getppid() == outside:
            raise KeyboardInterrupt
        return b"x" * 1_000_000

    def check() -> None:
        with pytest.raises(KeyboardInterrupt):
            share(range(10), work)
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    alone(check)


def test_a_shared_reading_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {f"shop/migrations/{n:04}_m.py": migration(f"shop.{n - 1:04}_m") for n in range(1, 30)}
    write_tree(
        tmp_path, {"shop/migrations/0000_m.py": "from .deps import *\n" + migration(), **tree}
    )
    write_tree(tmp_path, {"shop/migrations/deps.py": "X = 1", "shop/migrations/0031_x.py": "("})
    shared = snapshot(read_history(tmp_path, cache=tmp_path / ".workflow"))
    cached = snapshot(read_history(tmp_path, cache=tmp_path / ".workflow"))
    monkeypatch.setattr(sharing, "_may_fork", lambda: False)
    assert shared == cached == snapshot(read_history(tmp_path))
