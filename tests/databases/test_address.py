"""The URL of a scratch server: read, and its password kept to ourselves."""

from __future__ import annotations

from typing import Any

import pytest

from workflow.databases.address import configured_address, parse
from workflow.errors import UsageError

SPECIAL = "p%27a%22s%20s%5Cw%24o%25%2F%40%3A"


def settings(url: str) -> dict[str, Any]:
    return dict(parse(url, "X").settings)


def test_everything_that_a_url_says() -> None:
    found = settings(f"postgresql://me:{SPECIAL}@db.example.org:5433/main?sslmode=require")
    assert found == {
        "HOST": "db.example.org",
        "PORT": "5433",
        "USER": "me",
        "PASSWORD": "p'a\"s s\\w$o%/@:",
        "NAME": "main",
        "OPTIONS": {"sslmode": "require"},
    }


@pytest.mark.parametrize(
    ("url", "host", "name"),
    [
        ("postgres://me@/?host=/run/postgresql", "/run/postgresql", "postgres"),
        ("postgresql://me@%2Frun%2Fpostgresql/", "/run/postgresql", "postgres"),
        ("mysql://root@localhost", "localhost", ""),
        ("mariadb://root@/?socket=/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock", ""),
        ("postgresql://[::1]/", "::1", "postgres"),
    ],
)
def test_where_a_server_is(url: str, host: str, name: str) -> None:
    found = settings(url)
    assert (found["HOST"], found["NAME"]) == (host, name)


def test_what_is_shown_holds_neither_user_nor_password() -> None:
    address = parse("mariadb://me:secret@db.example.org/", "X")
    assert (address.vendor, address.shown) == ("mysql", "mariadb on db.example.org")
    assert parse("postgresql:///", "X").shown == "postgresql on this machine"


@pytest.mark.parametrize("url", ["", "db", "sqlite:///x", "postgresql://h:port/", "https://[x/"])
def test_what_is_no_url_of_a_server(url: str) -> None:
    with pytest.raises(UsageError, match=r"^X is no URL of a database server") as caught:
        parse(url, "X")
    assert url == "" or f"{url!r}" not in str(caught.value)


def test_a_variable_holds_the_url() -> None:
    address = configured_address("THERE", {"THERE": "postgresql://me:secret@db/"})
    assert address.settings["PASSWORD"] == "secret"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("THERE", "'scratch-database' names the variable THERE, which is not set"),
        (
            "postgresql://me:secret@db/",
            (
                "'scratch-database' holds a password, and everybody reads the table: put the URL "
                "into .env, and the name of its variable here"
            ),
        ),
    ],
)
def test_what_a_table_may_not_say(value: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        configured_address(value, {"THERE": ""})
    assert str(caught.value) == said
