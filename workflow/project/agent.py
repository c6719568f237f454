"""The host's end of the agent: starts it in the project's Python and asks it questions."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.project import process
from workflow.project.secrets import redact

if TYPE_CHECKING:
    from workflow.project.place import Running

Event = Mapping[str, Any]
Answer = dict[str, Any]

BOOTSTRAP = (
    "import os;requests=os.fdopen(os.dup(0),'rb');"
    "exec(compile(requests.read(int(requests.readline())),'agent/boot.py','exec'))"
)
"""Reads the rest of the agent from standard input: nothing of it has to be installed."""

GONE_SECONDS = 10.0
"""How long it may take until the last words of a process arrive that reads no more."""

KEPT_LINES = 60
"""How much of what the project says on stderr is kept for a message."""


class AgentFailed(CouldNotCheck):
    """The agent, or the project under it, raised. ``kind`` is the exception's class name."""

    def __init__(self, message: str, details: str | None, kind: str) -> None:
        super().__init__(message, details)
        self.kind = kind

    @property
    def said(self) -> str:
        """What it said, without the name of its class: a sentence, where the agent raised it."""
        return str(self).partition(": ")[2]


class AgentEnded(CouldNotCheck):
    """The agent's process is gone: killed, or ended by the project."""


class Agent:
    """A conversation with one booted project. Start it early: it boots while we do other work."""

    def __init__(  # noqa: PLR0913 - what to run takes as many words as it does
        self,
        start: Callable[[str, Mapping[str, str]], Running],
        *,
        directory: str,
        manage: str | None,
        command: str,
        variables: Mapping[str, str],
        secrets: tuple[str, ...] = (),
        before_boot: Mapping[str, Any] | None = None,
    ) -> None:
        self.boots = 0
        self._secrets = secrets
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._facts: Answer | None = None
        self._seen: Answer | None = None
        self._manage = manage
        self._process = start(BOOTSTRAP, variables)
        self._listen(self._process.stdout, self._lines.put)
        self._ears = self._listen(
            self._process.stderr, lambda line: self._hear(line) if line else None
        )
        self._send_sources(
            {
                "directory": directory,
                "project": directory,
                "manage": manage,
                "command": command,
                "before_boot": before_boot,
            }
        )

    def seen(self, *, seconds: float) -> Answer:
        """Return what the agent saw before the boot, where it was asked to look."""
        until = time.monotonic() + seconds
        while self._seen is None:
            message = self._next(until, seconds)
            if "error" in message:
                raise self._failure(message["error"])
            self._seen = message["seen"]
        return self._seen

    def facts(self, *, seconds: float) -> Answer:
        """Return what was booted. Raises CouldNotCheck where the project does not boot."""
        if self._facts is None:
            self._facts = self._await(time.monotonic() + seconds, seconds, None)
            self.boots += 1
            open_names = _open_names(self._facts)
            self._secrets = tuple(one for one in self._secrets if one not in open_names)
        return self._facts

    def ask(
        self,
        question: str,
        *,
        seconds: float | None = None,
        on_event: Callable[[Event], None] | None = None,
        **arguments: Any,
    ) -> Answer:
        """Ask one question and return its answer.

        Raises AgentFailed with the project's traceback where it raised, CouldNotCheck where no
        answer came within ``seconds`` (``None``: however long it takes).
        """
        assert self._facts is not None  # noqa: S101 - the first answer is what was booted
        if not self._write(json.dumps({"ask": question, **arguments}).encode() + b"\n"):
            seconds = GONE_SECONDS
        until = None if seconds is None else time.monotonic() + seconds
        return self._await(until, seconds, on_event)

    def close(self, *, seconds: float) -> None:
        """End the agent. It has ``seconds`` to roll back what it was doing."""
        self._process.end(seconds=seconds)

    def _send_sources(self, start: Mapping[str, Any]) -> None:
        sources = {
            path.stem: path.read_text(encoding="utf-8")
            for path in (Path(__file__).parent.parent / "agent").glob("*.py")
        }
        boot = sources.pop("boot").encode()
        rest = json.dumps({"modules": sources, **start}).encode()
        self._process.feed(b"%d\n" % len(boot) + boot + rest + b"\n")

    def _write(self, data: bytes) -> bool:
        """Send something; say whether it could be. Where it ended, reading finds out why."""
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def _await(
        self,
        until: float | None,
        seconds: float | None,
        on_event: Callable[[Event], None] | None,
    ) -> Answer:
        while True:
            message = self._next(until, seconds)
            if "seen" in message:
                self._seen = message["seen"]
            elif "event" in message:
                if on_event is not None:
                    on_event(message["event"])
            elif "error" in message:
                raise self._failure(message["error"])
            else:
                answer: Answer = message["answer"]
                return answer

    def _next(self, until: float | None, seconds: float | None) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=None if until is None else process.wait_until(until))
        except queue.Empty:
            raise CouldNotCheck(
                f"the project gave no answer within {seconds:g} seconds", self._heard()
            ) from None
        if line is None:
            self._ears.join(timeout=1)
            raise AgentEnded(self._ended(), self._heard())
        try:
            message: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise CouldNotCheck("the project's answer can't be read", self._heard()) from error
        return message

    def _ended(self) -> str:
        name = "the project" if self._manage is None else PurePath(self._manage).name
        return f"{name} ended before it answered ({self._process.describe_end()})"

    def _failure(self, error: Mapping[str, Any]) -> AgentFailed:
        message = redact(f"{error['type']}: {error['message']}".strip(), self._secrets)
        details = redact(error["traceback"], self._secrets)
        return AgentFailed(message, details, error["type"])

    def _hear(self, line: bytes) -> None:
        self._said.append(redact(line.decode("utf-8", "replace"), self._secrets))

    def _heard(self) -> str | None:
        return "".join(self._said) or None

    @staticmethod
    def _listen(stream: IO[bytes] | None, hear: Callable[[bytes | None], None]) -> threading.Thread:
        assert stream is not None  # noqa: S101 - it was started with a pipe

        def listen() -> None:
            with stream:
                for line in stream:
                    hear(line)
            hear(None)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        return thread


def _open_names(facts: Answer) -> set[str]:
    """Return what is no secret, whatever the environment calls it; the agent decides the same."""
    databases = {database["name"] for database in facts["databases"].values()}
    return databases | {app["label"] for app in facts["apps"]}
