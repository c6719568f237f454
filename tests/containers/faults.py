"""What goes wrong in the middle: a way to the engine that can be slowed down and cut."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from typing_extensions import Self

from tests.e2e.shop import PROGRAM, Run

if TYPE_CHECKING:
    from tests.containers.stack import Stack

ENGINE = "/var/run/docker.sock"
SECONDS = 60

WAITS = """
import pathlib, time
pathlib.Path(__file__).with_name("reached").touch()
time.sleep(600)
"""
"""Code of the project that says when it is reached, and goes no further."""


class Wire:
    """A socket that leads to the engine. ``cut`` ends it, and everything that goes through it."""

    def __init__(self, path: Path, *, delay: float = 0.0) -> None:
        self.path = path
        self._delay = delay
        self._ends: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.cut()

    @property
    def variables(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.path}"}

    def cut(self) -> None:
        """The engine is gone, as far as anybody can see."""
        self.path.unlink(missing_ok=True)
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(ENGINE)
                self._ends += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                time.sleep(self._delay)
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


class Started:
    """A run of our program that is under way."""

    def __init__(self, stack: Stack, *words: str, **variables: str) -> None:
        self._process = subprocess.Popen(
            [*PROGRAM, *words],
            cwd=stack.folder,
            env=stack.environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._stack = stack

    def reaches(self, path: Path) -> None:
        """Wait until the project's code says that it is there."""
        until(path.exists, or_ended=self._process)

    def ends(self) -> Run:
        """Wait for the end."""
        stdout, stderr = self._process.communicate(timeout=SECONDS)
        return Run(self._process.returncode, stdout.decode(), stderr.decode())

    def kill(self) -> None:
        """End it without a chance to clear up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=SECONDS)


def until(holds: Callable[[], bool], or_ended: subprocess.Popen[bytes] | None = None) -> None:
    """Wait for something to come about."""
    end = time.monotonic() + SECONDS
    while not holds():
        if or_ended is not None and or_ended.poll() is not None:
            raise AssertionError(or_ended.communicate())
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def agents(stack: Stack) -> list[str]:
    """Return the processes of ours in the container."""
    lines = stack.docker("top", stack.container()).splitlines()
    return [line for line in lines if "agent/boot.py" in line]


def tokens(stack: Stack) -> list[Path]:
    """Return what is left of an exchange of tokens."""
    return [path for path in stack.folder.rglob("from-host*") if os.path.lexists(path)]
