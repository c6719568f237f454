"""Passwords are hidden wherever text leaves the tool."""

from __future__ import annotations

import pytest

from workflow.project.secrets import redact, secret_values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://shop:s3cret@db/shop", "postgres://shop:***@db/shop"),
        ("redis://:s3cret@cache:6379/0", "redis://:***@cache:6379/0"),
        ("amqp://u:p%40ss@mq and http://u:x@h", "amqp://u:***@mq and http://u:***@h"),
        ("postgresql+psycopg://u:pa:ss@db/x", "postgresql+psycopg://u:***@db/x"),
        (
            "could not connect to 'mysql://u:p@db:3306/x'",
            "could not connect to 'mysql://u:***@db:3306/x'",
        ),
    ],
)
def test_a_password_in_a_url_is_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "https://docs.example.org/path:with/colon@2",  # an at-sign in a path
        "postgres://shop@db/shop",  # a user without a password
        "http://localhost:8000/",  # a port
        "user:word@example.org",  # no URL
        "",
    ],
)
def test_a_text_without_a_password_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_a_known_secret_is_hidden_everywhere() -> None:
    assert redact("a hunter22 b hunter22", ["hunter22"]) == "a *** b ***"


def test_a_secret_within_a_longer_one_does_not_uncover_it() -> None:
    secrets = secret_values({"A_TOKEN": "abcdef", "B_TOKEN": "abcdefghi"})
    assert redact("it is abcdefghi", secrets) == "it is ***"


def test_a_secret_with_letters_that_mean_something_in_a_pattern() -> None:
    assert redact("it is a.b*c(d", ["a.b*c(d"]) == "it is ***"


@pytest.mark.parametrize(
    "spelling",
    [
        """'p@ss:/?#[]%20 "\\'\\\\'""",
        r'''"p@ss:/?#[]%20 \"'\\"''',
        "'p%40ss%3A%2F%3F%23%5B%5D%2520%20%22%27%5C'",
        "'p%40ss%3A/%3F%23%5B%5D%2520%20%22%27%5C'",
        "'p%40ss%3A%2F%3F%23%5B%5D%2520+%22%27%5C'",
    ],
)
def test_a_secret_is_hidden_as_python_json_and_urls_write_it(spelling: str) -> None:
    shown = redact(f"it is {spelling}", ["p@ss:/?#[]%20 \"'\\"])
    assert shown.replace('"', "'") == "it is '***'"


def test_what_only_resembles_a_secret_stays() -> None:
    assert redact("it is p%40ss or p@ss", ["p@ss'"]) == "it is p%40ss or p@ss"


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "PGPASSWORD",
        "SECRET_KEY",
        "API_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "SENTRY_DSN",
        "DATABASE_URL",
        "BROKER_URI",
        "GOOGLE_CREDENTIALS",
        "db_passwd",
    ],
)
def test_names_that_say_that_a_value_is_secret(name: str) -> None:
    assert secret_values({name: "hunter22"}) == ("hunter22",)


@pytest.mark.parametrize("name", ["DEBUG", "HOME", "URL_PREFIX", "DJANGO_SETTINGS_MODULE"])
def test_names_that_do_not(name: str) -> None:
    assert secret_values({name: "hunter22"}) == ()


@pytest.mark.parametrize("value", ["", "dev", "short", None])
def test_short_values_would_be_found_all_over_a_text(value: str | None) -> None:
    assert secret_values({"DB_PASSWORD": value}) == ()
