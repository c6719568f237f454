"""A program in a terminal of its own: what it shows is read, and answers are typed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

SECONDS = 60
"""How long to wait for a text that does not come."""

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """The user's end of a pseudo-terminal."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self.raw = ""
        self._descriptor = descriptor
        self._seen = 0

    @property
    def shown(self) -> str:
        """What was shown so far, without colours and with every white space made one blank."""
        return " ".join(ESCAPES.sub("", self.raw).split())

    @property
    def lines(self) -> list[str]:
        """The lines as they were shown, without colours and without what was taken away again."""
        text = ESCAPES.sub("", self.raw).replace("\r\n", "\n")
        return [line.rpartition("\r")[2] for line in text.split("\n")]

    def expect(self, text: str) -> None:
        """Read until a text is shown, after what was expected before."""
        while (found := self.shown.find(text, self._seen)) < 0:
            assert self._read(), f"{text!r} was not shown in:\n{self.raw}"
        self._seen = found + len(text)

    def expect_waiting(self) -> None:
        """Wait until the program sleeps: it would sleep on over a Ctrl-C that comes just before."""
        until, stat = time.monotonic() + SECONDS, Path(f"/proc/{self.process.pid}/stat")
        while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "S":
            assert time.monotonic() < until, f"it goes on working after:\n{self.raw}"

    def type(self, text: str) -> None:
        """Type; ``\\x03`` is Ctrl-C, ``\\x04`` Ctrl-D."""
        os.write(self._descriptor, text.encode())

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while self._read():
            pass
        return self.process.wait(SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], SECONDS)
        assert ready, f"nothing more is shown after:\n{self.raw}"
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # what Linux says when the last user of the other end is gone
            return False
        self.raw += data.decode("utf-8", "replace")
        return bool(data)


@contextlib.contextmanager
def terminal(
    argv: Sequence[str], *, cwd: Path, variables: Mapping[str, str], columns: int = 100
) -> Iterator[Terminal]:
    """Start a program in a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *argv],
        cwd=cwd,
        env={**variables, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
