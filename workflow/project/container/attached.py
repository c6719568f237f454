"""A program that the engine runs in a container, with its three streams at our end of a socket."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from workflow.errors import CouldNotCheck

if TYPE_CHECKING:
    from workflow.project.container.engine import Engine

HEADER = struct.Struct(">BxxxL")
"""Before each piece of output: which stream it is of, and how long it is.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach"""

STDERR = 2

KILLED = 128 + 9
SETTLE_SECONDS = 1.5


class Sending:
    """The program's standard input. Closing it closes that direction alone."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream

    def write(self, data: bytes, /) -> None:
        """Send some bytes."""
        self._stream.sendall(data)

    def flush(self) -> None:
        """Nothing: they were sent at once."""

    def close(self) -> None:
        """Let the program read the end of its input."""
        self._stream.shutdown(socket.SHUT_WR)


class Attached:
    """The program. It ends by itself when its input ends, and so it does when we are killed."""

    def __init__(self, engine: Engine, container: str, number: str, stream: socket.socket) -> None:
        self._engine = engine
        self._container = container
        self._number = number
        self._stream = stream
        self.stdin = Sending(stream)
        self.stdout, answers = _pipe()
        self.stderr, talk = _pipe()
        self._pump = threading.Thread(target=self._sort, args=(answers, talk), daemon=True)
        self._pump.start()

    def feed(self, data: bytes) -> None:
        """Send more than the socket holds: what never reads it must not keep us waiting."""
        threading.Thread(target=self._feed, args=(data,), daemon=True).start()

    def end(self, *, seconds: float) -> None:
        """Close its input and wait. What does not end in time is left to its own time limit."""
        with suppress(OSError):  # the engine closed the stream already
            self.stdin.close()
        self._pump.join(seconds)
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._stream.close()

    def describe_end(self) -> str:
        """Say how it ended: by itself, or with its container."""
        try:
            code = self._engine.executed(self._number)["ExitCode"]
            status = self._status_of_container(killed=code in {None, KILLED})
        except CouldNotCheck as error:
            return str(error)
        if status != "running":
            return f"its container was stopped: it is {status}"
        return f"exit code {code}"

    def _feed(self, data: bytes) -> None:
        with suppress(OSError):  # it ended: its answer tells why
            self.stdin.write(data)

    def _status_of_container(self, *, killed: bool) -> str:
        """Ask for it. What ends with its container ends a moment before the engine says so."""
        until = time.monotonic() + (SETTLE_SECONDS if killed else 0.0)
        while True:
            status: str = self._engine.inspect(self._container)["State"]["Status"]
            if status != "running" or time.monotonic() >= until:
                return status
            time.sleep(0.05)

    def _sort(self, answers: IO[bytes], talk: IO[bytes]) -> None:
        with answers, talk, suppress(OSError):  # a stream that breaks has come to its end
            while (header := self._read(HEADER.size)) is not None:
                kind, size = HEADER.unpack(header)
                piece = self._read(size)
                if piece is None:
                    return
                (talk if kind == STDERR else answers).write(piece)

    def _read(self, size: int) -> bytes | None:
        """Return that many bytes, or ``None`` where the stream ends before them."""
        data = bytearray()
        while len(data) < size:
            piece = self._stream.recv(size - len(data))
            if not piece:
                return None
            data += piece
        return bytes(data)


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb", buffering=0)
