"""One request, one answer, as lines; and no secret in any of them."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import quote, quote_plus

import pytest
from _migration_workflow_agent import channel as agent_channel
from _migration_workflow_agent.channel import Channel, describe_error

from workflow.project.secrets import spellings


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
    "secret", ["hunter22", 'with"quote', "with\\slash", "ünï-secret", "two\nlines"]
)
def test_no_error_shows_a_secret(
    channel: Any, answers: io.BytesIO, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_channel, "SECRETS", [secret])
    channel.fail(ValueError(f"it is {secret}!"))
    (error,) = lines(answers)
    assert error["error"]["message"] == "it is ***!"
    assert secret not in error["error"]["traceback"]


@pytest.mark.parametrize("secret", ["p@ss:/?#[]%20 \"'\\", "it's", "ünï\n", "ca\udce4fe", "a b/c"])
def test_no_error_shows_a_secret_in_another_spelling(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_channel, "SECRETS", [secret])
    passing = {"errors": "surrogatepass"}
    for spelling in (
        f"{secret!r}",
        f"{secret!a}",
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
    ):
        assert agent_channel.hide(f"it is {spelling}!") in {"it is '***'!", 'it is "***"!'}
    for spelling in (quote(secret, **passing), quote(secret, "", **passing)):
        assert agent_channel.hide(f"it is {spelling}!") == "it is ***!"
    assert agent_channel.hide(f"it is {quote_plus(secret, **passing)}!") == "it is ***!"
    assert agent_channel.hide(repr(f"it \" is ' {secret}!")) == "'it \" is \\' ***!'"


def test_a_spelling_that_holds_another_secret_is_hidden_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agent_channel, "SECRETS", ["40bcd", "a@bcd"])
    assert agent_channel.hide("it is a%40bcd and 40bcd") == "it is *** and ***"


def test_what_is_no_spelling_of_a_secret_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_channel, "SECRETS", ["p@ss 'word"])
    for text in ("p@ss word", "p%40ss", "'word'", "p@ss"):
        assert agent_channel.hide(text) == text


@pytest.mark.parametrize("secret", ["p@ss:/?#[]%20 \"'\\", "it's", "ünï\n", "plain"])
def test_the_host_knows_the_same_spellings(secret: str) -> None:
    assert agent_channel.spellings(secret) == spellings(secret)


def test_no_error_shows_a_password_in_a_url() -> None:
    described = describe_error(ValueError("postgres://shop:hunter22@db/shop"))
    assert described["message"] == "postgres://shop:***@db/shop"
    assert "hunter22" not in described["traceback"]


def test_an_interrupt_is_told_from_what_a_project_raises(channel: Any) -> None:
    own = (SystemExit(3), KeyboardInterrupt(), ValueError())
    assert not any(channel.is_interrupt(error) for error in own)
    with pytest.raises(KeyboardInterrupt) as caught:
        channel._interrupt()
    assert channel.is_interrupt(caught.value)
    assert not channel.is_interrupt(ValueError())


def test_an_answer_is_left_as_it_is(
    channel: Any, answers: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password may be a word of the project: a draft without it would be another migration."""
    monkeypatch.setattr(agent_channel, "SECRETS", ["shop"])
    channel.answer({"text": "dependencies = [('shop', '0001_initial')]"})
    assert lines(answers) == [{"answer": {"text": "dependencies = [('shop', '0001_initial')]"}}]


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
