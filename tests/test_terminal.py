"""The person at the terminal is asked, and nobody is where there is none."""

from __future__ import annotations

import io
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from workflow.report.writers import PlainWriter
from workflow.terminal import TerminalTalk


class Report(PlainWriter):
    """A report on standard output, which a question must not go into."""

    def __init__(self) -> None:
        self.written = io.StringIO()
        super().__init__(self.written)
        self.begun: list[str] = []
        self.stopped = 0

    def begin(self, text: str) -> None:
        self.begun.append(text)

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def report() -> Report:
    return Report()


@contextmanager
def somebody(types: bytes = b"") -> Iterator[int]:
    """Somebody at a terminal, who has typed something already.

    A fixture would be too early: pytest puts its own streams back before a test begins.
    """
    person, program = pty.openpty()
    streams = sys.stdin, sys.stderr
    with os.fdopen(os.dup(program), "r") as stdin, os.fdopen(program, "w") as stderr:
        sys.stdin, sys.stderr = stdin, stderr
        os.write(person, types)
        try:
            yield person
        finally:
            sys.stdin, sys.stderr = streams
    os.close(person)


def test_progress_is_said(report: Report) -> None:
    TerminalTalk(report, {}).progress("rehearsing shop.0002")
    assert report.begun == ["    rehearsing shop.0002 "]


def test_a_question_is_shown_and_answered(report: Report) -> None:
    with somebody(types=b"  yes \n") as person:
        assert TerminalTalk(report, {"NO_COLOR": "1"}).ask("Was it renamed?") == "yes"
        os.set_blocking(person, False)
        shown = b""
        while not shown.endswith(b"> "):
            shown += os.read(person, 1000)
    assert b"    Was it renamed?" in shown
    assert shown.endswith(b"\r\n    > ")
    assert (report.written.getvalue(), report.stopped) == ("", 1)


def test_an_empty_answer_is_one(report: Report) -> None:
    with somebody(types=b"\n"):
        assert TerminalTalk(report, {}).ask("Was it renamed?") == ""


def test_a_terminal_that_is_closed_answers_nothing(report: Report) -> None:
    with somebody(types=b"\x04"):
        assert TerminalTalk(report, {}).ask("Was it renamed?") is None
    assert report.stopped == 1


@pytest.mark.parametrize("name", ["stdin", "stderr"])
def test_nobody_is_asked_where_one_of_them_is_no_terminal(
    report: Report, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with somebody(types=b"yes\n"):
        monkeypatch.setattr(sys, name, io.StringIO("yes\n"))
        assert TerminalTalk(report, {}).ask("Was it renamed?") is None
    assert report.stopped == 0
