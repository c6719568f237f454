"""A second piece of work on a second processor: complete whatever happens to the copy."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import pytest

from workflow.history.sharing import both


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="no fork here")
def test_the_second_is_done_by_a_copy() -> None:
    ours, theirs = both(os.getpid, os.getpid)
    assert ours == os.getpid() != theirs


def test_what_the_copy_does_not_bring_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()

    def there() -> Any:
        return "done here" if os.getpid() == here else sys.exit(3)

    assert both(lambda: 1, there) == (1, "done here")


def test_what_is_no_plain_data_is_done_here() -> None:
    thing = object()
    assert both(lambda: 1, lambda: thing) == (1, thing)


def test_an_error_of_the_second_is_raised_here() -> None:
    def fails() -> Any:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        both(lambda: 1, fails)


def test_an_error_of_the_first_leaves_no_copy_behind() -> None:
    def fails() -> Any:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        both(fails, lambda: "x" * 1_000_000)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_beside_a_thread_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert both(os.getpid, os.getpid) == (os.getpid(), os.getpid())


def test_one_processor_does_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert both(os.getpid, os.getpid) == (os.getpid(), os.getpid())
