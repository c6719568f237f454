"""A scratch database that fails under a migration is told from a migration that fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from _migration_workflow_agent.lost import ScratchLostError, expect_kept
from _migration_workflow_agent.migrating import MigrationFailedError
from django.db import DatabaseError, OperationalError

MIGRATION = SimpleNamespace(app_label="shop", name="0002_more")


def failed(cause: BaseException) -> MigrationFailedError:
    failure = MigrationFailedError(MIGRATION, 0, cause)
    failure.__cause__ = cause
    return failure


def raised(connection: Any, sql: str) -> DatabaseError:
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute(sql)
    return caught.value


def from_driver(error: type[DatabaseError], **what: Any) -> DatabaseError:
    """An error as Django raises it, from one of a driver."""
    django = error("it said no")
    django.__cause__ = type("Driver", (Exception,), what)(*what.get("args", ()))
    return django


def test_a_full_disk(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x)")
        cursor.execute("PRAGMA max_page_count = 3")
    full = raised(connection, "INSERT INTO t VALUES (zeroblob(99999))")
    with pytest.raises(ScratchLostError) as caught:
        expect_kept(connection, failed(full))
    assert str(caught.value) == (
        "the scratch database failed while shop.0002_more ran on it, so nothing is known of that "
        "migration: database or disk is full"
    )


@pytest.mark.parametrize("state", ["53100", "53200", "57P01", "08006", "58030"])
def test_what_postgresql_says_of_itself(connection: Any, state: str) -> None:
    for name in ("sqlstate", "pgcode"):
        with pytest.raises(ScratchLostError):
            expect_kept(connection, failed(from_driver(OperationalError, **{name: state})))


@pytest.mark.parametrize("number", [1021, 1114])
def test_what_mariadb_says_of_itself(connection: Any, number: int) -> None:
    with pytest.raises(ScratchLostError):
        expect_kept(connection, failed(from_driver(OperationalError, args=(number, "full"))))


def test_silent_for_what_the_migration_did(connection: Any) -> None:
    for cause in (
        raised(connection, "no sql"),
        from_driver(OperationalError, sqlstate="57014"),
        from_driver(OperationalError, args=(1062, "Duplicate entry")),
        ValueError("database or disk is full"),
    ):
        expect_kept(connection, failed(cause))
