"""What ends the transaction of a migration is told from what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest
from _migration_workflow_agent.transaction_control import (
    EndedError,
    as_block,
    ends_transaction,
    gives_up,
    is_one_transaction,
    kept_open,
)
from django.db import connection, migrations

FUNCTION = """
    CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $body$
    BEGIN PERFORM 1; COMMIT; END; $body$;
"""
ROUTINE = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END"
TRIGGER = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = 1; END;"


@pytest.mark.parametrize(
    "text",
    [
        "COMMIT",
        "commit;",
        "BEGIN; UPDATE a SET x = 1; COMMIT;",
        "UPDATE a SET x = 1; END TRANSACTION",
        "/* a note */ ROLLBACK AND CHAIN",
        "ABORT",
        f"{FUNCTION} COMMIT",
    ],
)
def test_what_ends_it(text: str) -> None:
    assert ends_transaction(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BEGIN",
        "UPDATE a SET x = 'never; COMMIT; here'",
        "SELECT 1 -- ; COMMIT",
        "SELECT 1; /* COMMIT; */ SELECT 2",
        'ALTER TABLE "odd;COMMIT;name" ADD x int',
        "ROLLBACK TO SAVEPOINT a",
        'ROLLBACK TO "s1"',
        "SELECT CASE x WHEN 1 THEN 2 END FROM a",
        FUNCTION,
        ROUTINE,
        TRIGGER,
    ],
)
def test_what_does_not(text: str) -> None:
    assert not ends_transaction(text)


def test_what_gives_up_all_before_it() -> None:
    assert gives_up("ROLLBACK")
    assert not gives_up("ROLLBACK; BEGIN; UPDATE a SET x = 1; COMMIT")


def test_a_block_is_parted() -> None:
    parts = as_block("/* ; */ BEGIN;\nUPDATE a SET x = ';';\nSELECT 1;\nCOMMIT;\n")
    assert parts == ("/* ; */ BEGIN;", "\nUPDATE a SET x = ';';\nSELECT 1;", "\nCOMMIT;\n")


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN; COMMIT",
        "UPDATE a SET x = 1; COMMIT",
        "BEGIN; UPDATE a SET x = 1",
        "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT",
        FUNCTION,
    ],
)
def test_no_block(text: str) -> None:
    assert as_block(text) is None


def migration(*operations: Any, atomic: bool = True) -> Any:
    one: Any = migrations.Migration("0001_initial", "shop")
    one.operations, one.atomic = list(operations), atomic
    return one


@pytest.mark.parametrize("sql", ["COMMIT", ["SELECT 1", "COMMIT"], [("COMMIT", None)]])
def test_a_migration_that_ends_its_transaction(sql: Any) -> None:
    within = migrations.SeparateDatabaseAndState([migrations.RunSQL(sql)])
    assert not is_one_transaction(migration(migrations.RunSQL(sql)))
    assert not is_one_transaction(migration(within))


def test_a_migration_that_does_not() -> None:
    sql = migrations.RunSQL(["SELECT 1", ("SELECT %s", [2])])
    code = migrations.RunPython(migrations.RunPython.noop)
    assert is_one_transaction(migration(sql, code))
    assert not is_one_transaction(migration(sql, atomic=False))


def test_code_may_not_end_what_all_count_on() -> None:
    with kept_open(connection), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        with pytest.raises(EndedError, match=r"COMMIT ends the transaction .* atomic = False"):
            cursor.execute("COMMIT")
    with connection.cursor() as cursor, pytest.raises(Exception, match="no transaction is active"):
        cursor.execute("COMMIT")
