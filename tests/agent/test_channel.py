"""One request, one answer, as lines; and no secret in any of them."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
from _migration_workflow_agent.channel import Channel, describe_error


@pytest.fixture
def host() -> Iterator[BinaryIO]:
    """The host's end of the pipe. It stays open, so nothing is interrupted."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as requests, os.fdopen(writing, "wb") as host:
        host.requests = requests  # type: ignore[attr-defined]
        yield host


@pytest.fixture
def answers() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture
def channel(host: BinaryIO, answers: io.BytesIO, monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setattr(Channel, "_watch", str)
    return Channel(host.requests, answers)  # type: ignore[attr-defined]


def lines(answers: io.BytesIO) -> list[Any]:
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_requests_come_one_by_one(channel: Any, host: BinaryIO) -> None:
    host.write(b'{"ask": "state"}\n{"ask": "drift"}\n')
    host.flush()
    requests = channel.requests()
    assert [next(requests), next(requests)] == [{"ask": "state"}, {"ask": "drift"}]


def test_each_message_is_one_line(channel: Any, answers: io.BytesIO) -> None:
    channel.event(doing="applying", text="two\nlines")
    channel.answer({"a": 1})
    channel.fail(ValueError("two\nlines"))
    event, answer, error = lines(answers)
    assert event == {"event": {"doing": "applying", "text": "two\nlines"}}
    assert answer == {"answer": {"a": 1}}
    assert error["error"]["message"] == "two\nlines"


def test_it_is_busy_until_it_has_answered(channel: Any) -> None:
    assert channel.busy
    channel.event(doing="x")
    assert channel.busy
    channel.answer({})
    assert not channel.busy


@pytest.mark.parametrize(
    "secret", ["hunter22", 'with"quote', "with\\slash", "ünï-secret", "a\nb-c"]
)
def test_no_secret_leaves(channel: Any, answers: io.BytesIO, secret: str) -> None:
    channel.secrets = [secret]
    channel.answer({"text": f"it is {secret}!", secret: [secret]})
    channel.event(doing=secret)
    channel.fail(ValueError(secret))
    answer, event, error = lines(answers)
    assert answer == {"answer": {"text": "it is ***!", "***": ["***"]}}
    assert event == {"event": {"doing": "***"}}
    assert error["error"]["message"] == "***"
    assert json.dumps(secret)[1:-1].encode() not in answers.getvalue()


def test_what_json_does_not_know_is_written_as_text(channel: Any, answers: io.BytesIO) -> None:
    channel.answer({"text": ValueError("odd")})
    assert lines(answers) == [{"answer": {"text": "odd"}}]


def test_an_exception_as_data() -> None:
    try:
        compile("def broken(:", "shop/migrations/0002.py", "exec")
    except SyntaxError as error:
        described = describe_error(error)
    assert described["type"] == "SyntaxError"
    assert (described["path"], described["line"]) == ("shop/migrations/0002.py", 1)
    assert described["traceback"].rstrip().endswith(described["message"].partition(" (")[0])


def test_the_cause_is_in_the_traceback() -> None:
    try:
        int("first")
    except ValueError as cause:
        error = KeyError("second")
        error.__cause__ = cause
    described = describe_error(error)
    assert (described["type"], described["message"]) == ("KeyError", "'second'")
    assert "ValueError: invalid literal for int() with base 10: 'first'" in described["traceback"]
