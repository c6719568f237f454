"""Servers that are killed as a power cut would, and started again on what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.engines import SECONDS, Server


def kill(pid: int) -> None:
    """Kill a server and all its processes. The first goes first, or it would start them again."""
    family = [pid, *children_of(pid)]
    for one in family:
        with suppress(ProcessLookupError):  # one that ended by itself meanwhile
            os.kill(one, signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while any(is_running(one) for one in family):
        assert time.monotonic() < deadline, f"{family} live on"
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and not lost."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in found.split()]


def is_running(pid: int) -> bool:
    """Say whether there is such a process, and more of it than its exit code."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Mortal:
    """A running server whose first process we know, and how it was started."""

    def __init__(self, server: Server) -> None:
        self.server = server
        data = (server.socket if server.vendor == "postgresql" else server.socket.parent) / "data"
        self._note = data / "postmaster.pid" if server.vendor == "postgresql" else None
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None
        process = Path(f"/proc/{self.pid}")
        self._program = (process / "exe").readlink()
        self._argv = process.joinpath("cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        self._owner = process.stat().st_uid

    @property
    def pid(self) -> int:
        """The id of the server's first process."""
        note = self._note or next(self._data.glob("*.pid"))
        return int(note.read_text(encoding="ascii").split()[0])

    def start(self) -> None:
        """Start it again as it was started, unless it runs, and wait until it answers.

        A process of the old one that was born while it was killed lives a moment longer, and as
        long as it does the new one refuses to start.
        """
        deadline = time.monotonic() + SECONDS
        started = None
        while not self._answers():
            assert time.monotonic() < deadline, "the server does not come back"
            if started is None or started.poll() is not None:
                started = self._process = self._started()
            time.sleep(0.05)

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._argv,
            executable=self._program,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._owner,
            cwd="/",
            start_new_session=True,
        )

    def _answers(self) -> bool:
        asked = [*self.server.client, "SELECT 1"]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def end(self) -> None:
        """End what was started again, where whoever started it first can't."""
        if self._process is not None and self._note is None:
            self._process.terminate()
            self._process.wait(SECONDS)


@contextmanager
def mortal(server: Server) -> Iterator[Mortal]:
    """Yield a running server as one that can be killed; what runs in its place ends with it."""
    one = Mortal(server)
    try:
        yield one
    finally:
        one.end()
