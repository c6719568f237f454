"""The one module that starts processes: argv lists, never a shell, always a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from workflow.errors import CouldNotCheck


class Completed(NamedTuple):
    """How a process ended."""

    code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    seconds: float = 30.0,
    told: bytes | None = None,
    variables: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program to its end; ``told`` is what it reads on its standard input.

    ``variables`` come on top of the environment. Raises CouldNotCheck where it is not there or
    takes longer than ``seconds``.
    """
    try:
        done = subprocess.run(
            list(argv),
            cwd=cwd,
            capture_output=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL if told is None else None,
            input=told,
            env={**environment(without="GIT_" if argv[0] == "git" else None), **(variables or {})},
        )
    except FileNotFoundError as error:
        raise CouldNotCheck(f"{argv[0]} is not there: {error.filename}") from error
    except OSError as error:
        raise CouldNotCheck(f"{argv[0]} can't be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        command = " ".join(argv)
        raise CouldNotCheck(f"no answer within {seconds:g} seconds: {command}") from error
    return Completed(
        done.returncode,
        done.stdout.decode("utf-8", "surrogateescape"),
        done.stderr.decode("utf-8", "replace"),
    )


def environment(without: str | None = None) -> dict[str, str]:
    """Return the environment for a process, leaving out names that begin with ``without``.

    Git sets ``GIT_DIR`` and ``GIT_INDEX_FILE`` for the hooks it runs; a git started from there
    would look at them instead of at the folder it is started in.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if without is None or not name.startswith(without)
    }


class Process(subprocess.Popen[bytes]):
    """A program that runs, with pipes on all three streams."""

    def feed(self, data: bytes) -> None:
        """Send more than a pipe holds: what never reads it must not keep us waiting."""
        assert self.stdin is not None  # noqa: S101 - it was started with a pipe
        pipe = os.dup(self.stdin.fileno())
        threading.Thread(target=_feed, args=(pipe, data), daemon=True).start()

    def end(self, *, seconds: float) -> None:
        """Close its standard input and wait; then end all that is left of its session."""
        if self.stdin is not None:
            with suppress(OSError):  # it is gone already, and unread requests with it
                self.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.wait(seconds)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def describe_end(self) -> str:
        """Wait for its end and say how it was."""
        return f"exit code {self.wait()}"


def _feed(pipe: int, data: bytes) -> None:
    with suppress(OSError), os.fdopen(pipe, "wb") as stream:  # it ended: its answer tells why
        stream.write(data)


def start(argv: Sequence[str], *, cwd: Path, variables: Mapping[str, str]) -> Process:
    """Start a program with pipes on all three streams, in a session of its own.

    Of its own, so that Ctrl-C in the terminal reaches us alone: we end it in good order.
    Raises CouldNotCheck where it can't be started.
    """
    try:
        return Process(
            list(argv),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment(), **variables},
            start_new_session=True,
        )
    except OSError as error:
        raise CouldNotCheck(f"{argv[0]} can't be run: {error.strerror}") from error


def follow(
    argv: Sequence[str], *, cwd: Path, hear: Callable[[str], None], seconds: float
) -> Completed:
    """Run a program to its end and pass on each line that it says, on either stream.

    Raises CouldNotCheck where it is not there or takes longer than ``seconds``.
    """
    said: list[str] = []
    with _together(argv, cwd) as running:
        alarm = threading.Timer(seconds, running.kill)
        alarm.start()
        try:
            for line in running.stdout or ():
                said.append(line)
                hear(line.rstrip())
        except BaseException:
            running.kill()
            raise
        finally:
            alarm.cancel()
    if alarm.finished.is_set() and running.returncode == -signal.SIGKILL:
        raise CouldNotCheck(f"no end within {seconds:g} seconds: {' '.join(argv)}", "".join(said))
    return Completed(running.returncode, "", "".join(said))


def _together(argv: Sequence[str], cwd: Path) -> subprocess.Popen[str]:
    """Start a program whose two streams come as one."""
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise CouldNotCheck(f"{argv[0]} can't be run: {error.strerror}") from error


Child = subprocess.Popen[bytes]
"""A program that runs, and has no streams to us."""


def launch(argv: Sequence[str], *, cwd: Path, log: Path) -> Child:
    """Start a server, in a session of its own; what it says goes into a file.

    Raises CouldNotCheck where it can't be started.
    """
    try:
        with log.open("wb") as said:
            return Child(
                list(argv),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
    except OSError as error:
        raise CouldNotCheck(f"{argv[0]} can't be run: {error.strerror}") from error


def wait_until(moment: float) -> float:
    """Return the seconds left until ``moment`` (of ``time.monotonic``), never less than none."""
    return max(0.0, moment - time.monotonic())
