"""A whole plan as one transaction: all of it or nothing, with its foreign keys checked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _migration_workflow_agent.rehearsing import one_transaction, runs_as_one
from django.db import IntegrityError, OperationalError
from django.db.migrations import Migration, RunSQL

TABLES = (
    "CREATE TABLE one (id integer PRIMARY KEY)",
    "CREATE TABLE many (id integer PRIMARY KEY, one_id integer REFERENCES one (id))",
)


@pytest.fixture
def filled(connection: Any) -> Any:
    run(connection, *TABLES)
    return connection


def run(connection: Any, *statements: str) -> list[Any]:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def test_what_is_done_inside_is_kept(filled: Any) -> None:
    with one_transaction(filled):
        run(filled, "INSERT INTO one VALUES (1)", "CREATE TABLE third (x)")
    filled.close()
    assert run(filled, "SELECT id FROM one") == [(1,)]
    assert run(filled, "SELECT name FROM sqlite_master WHERE name = 'third'") == [("third",)]


def test_an_error_takes_all_of_it_back(filled: Any) -> None:
    statements = ("INSERT INTO one VALUES (1)", "DROP TABLE many", "CREATE TABLE third (x)")
    with pytest.raises(OperationalError), one_transaction(filled):
        run(filled, *statements, "no sql")
    assert run(filled, "SELECT id FROM one") == []
    assert run(filled, "SELECT name FROM sqlite_master ORDER BY 1") == [("many",), ("one",)]


def test_a_foreign_key_that_leads_nowhere_takes_all_of_it_back(filled: Any) -> None:
    with pytest.raises(IntegrityError, match=r"many"), one_transaction(filled):
        run(filled, "INSERT INTO one VALUES (1)", "INSERT INTO many (one_id) VALUES (99)")
    assert run(filled, "SELECT id FROM one") == []


def test_foreign_keys_are_not_enforced_in_the_middle(filled: Any) -> None:
    run(filled, "INSERT INTO one VALUES (1)", "INSERT INTO many (one_id) VALUES (1)")
    with one_transaction(filled):
        run(filled, "DELETE FROM one", "INSERT INTO one VALUES (1)")
        run(filled, "DROP TABLE one", "CREATE TABLE one (id integer PRIMARY KEY)")
        run(filled, "INSERT INTO one VALUES (1)")
    assert run(filled, "SELECT one_id FROM many") == [(1,)]


@pytest.mark.parametrize("error", [None, ZeroDivisionError])
def test_they_are_enforced_again_afterwards(filled: Any, error: type[Exception] | None) -> None:
    try:
        with one_transaction(filled):
            if error is not None:
                raise error
    except ZeroDivisionError:
        pass
    assert run(filled, "PRAGMA foreign_keys") == [(1,)]


def test_nobody_else_writes_meanwhile(filled: Any, databases: dict[str, Path]) -> None:
    with one_transaction(filled):
        with closing(sqlite3.connect(databases["default"], timeout=0)) as other:
            with pytest.raises(sqlite3.OperationalError, match=r"^database is locked$"):
                other.execute("INSERT INTO one VALUES (1)")
            assert other.execute("SELECT id FROM one").fetchall() == []


def test_the_version_that_a_user_keeps_there_stays(filled: Any) -> None:
    run(filled, "PRAGMA user_version = 7")
    with one_transaction(filled):
        pass
    assert run(filled, "PRAGMA user_version") == [(7,)]


@pytest.mark.parametrize(
    ("vendor", "plan", "expected"),
    [
        ("sqlite", [{}, {}], True),
        ("sqlite", [{}, {"atomic": False}], False),
        ("sqlite", [{}, {"operations": [RunSQL("COMMIT")]}], False),
        ("sqlite", [], True),
        ("postgresql", [{}], False),
        ("mysql", [{}], False),
    ],
)
def test_which_plans_can_run_as_one(
    vendor: str, plan: list[dict[str, Any]], expected: bool
) -> None:
    migrations = [type("Migration", (Migration,), one)("0001_initial", "shop") for one in plan]
    assert runs_as_one(SimpleNamespace(vendor=vendor), migrations) is expected
