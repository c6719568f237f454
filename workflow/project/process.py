"""The one module that starts processes: argv lists, never a shell, always a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
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
    argv: Sequence[str], *, cwd: Path, seconds: float = 30.0, told: bytes | None = None
) -> Completed:
    """Run a program to its end; ``told`` is what it reads on its standard input.

    Raises CouldNotCheck where it is not there or takes longer than ``seconds``.
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
            env=environment(without="GIT_" if argv[0] == "git" else None),
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


def start(
    argv: Sequence[str], *, cwd: Path, variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a program with pipes on all three streams, in a session of its own.

    Of its own, so that Ctrl-C in the terminal reaches us alone: we end it in good order.
    """
    return subprocess.Popen(
        list(argv),
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment(), **variables},
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], *, seconds: float) -> None:
    """Close a process's standard input and wait; then end all that is left of its session."""
    if process.stdin is not None:
        with suppress(OSError):  # it is gone already, and unread requests with it
            process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(moment: float) -> float:
    """Return the seconds left until ``moment`` (of ``time.monotonic``), never less than none."""
    return max(0.0, moment - time.monotonic())
