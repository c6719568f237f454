"""Which rows a migration changes in one transaction, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from _migration_workflow_agent.watching import CHANGES_ROWS, named, watchers_of
from django.db import migrations, models, transaction

from tests.agent.engines import Tables, connected
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

ROWS = 6
LOCKS = {"sqlite": "EXCLUSIVE", "postgresql": "RowExclusiveLock", "mysql": "MDL_SHARED_WRITE"}

on_mariadb = pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def tables(database_url: str) -> Iterator[Tables]:
    with connected(database_url) as connection:
        tables = Tables(connection)
        tables.create("Product", ("name", models.CharField(max_length=9)))
        for number in range(ROWS):
            tables.rows("Product").create(name=f"{number}")
        yield tables


def watched(tables: Tables, *operations: Any, atomic: bool = True) -> list[dict[str, Any]]:
    """Apply operations as one migration; return what each of them did to the products."""
    migration = tables.migration(*operations)
    migration.atomic = atomic
    (watcher,) = watchers_of(tables.connection)
    watcher.begin(migration)
    with (
        tables.connection.execute_wrapper(watcher.statement),
        tables.connection.schema_editor(atomic=migration.atomic) as editor,
    ):
        tables.state = migration.apply(tables.state.clone(), editor)
    return [
        relation
        for operation in watcher.end(migration)["operations"]
        for relation in operation["relations"]
        if relation["relation"] == "shop_product"
    ]


def save_all(apps: Any, editor: Any) -> None:
    for product in apps.get_model("shop", "Product").objects.using(editor.connection.alias).all():
        product.save()


def save_in_halves(apps: Any, editor: Any) -> None:
    """Change all rows in two transactions, which only the server can tell apart."""
    products = apps.get_model("shop", "Product").objects.using(editor.connection.alias)
    keys = list(products.values_list("pk", flat=True))

    together = transaction.atomic(using=editor.connection.alias)
    for half in (keys[: ROWS // 2], keys[ROWS // 2 :]):
        with together:
            for key in half:
                products.filter(pk=key).update(name="new")


UPDATE = "UPDATE shop_product SET name = 'new'"


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(migrations.RunSQL(UPDATE), id="RunSQL"),
        pytest.param(migrations.RunPython(save_all), id="RunPython"),
    ],
)
def test_rows_and_their_lock_are_seen(tables: Tables, operation: Any) -> None:
    (seen,) = watched(tables, operation)
    assert (seen["lock"], seen["rows"], seen["most_rows"]) == (
        LOCKS[tables.connection.vendor],
        ROWS,
        ROWS,
    )
    assert seen["seconds"] > 0


@on_mariadb
def test_rows_of_two_transactions_are_not_locked_together(tables: Tables) -> None:
    (seen,) = watched(tables, migrations.RunPython(save_in_halves), atomic=False)
    assert (seen["rows"], seen["most_rows"]) == (ROWS, ROWS // 2)
    first, last = seen["worked_in"]
    assert last == first + 1


@on_mariadb
def test_an_update_outside_of_a_transaction_is_one(tables: Tables) -> None:
    (seen,) = watched(tables, migrations.RunSQL([UPDATE, UPDATE]))
    assert (seen["rows"], seen["most_rows"]) == (2 * ROWS, ROWS)


@on_mariadb
def test_each_operation_is_a_transaction_of_its_own(tables: Tables) -> None:
    """No transaction goes around a migration there: DDL would end it."""
    first, second = watched(tables, migrations.RunPython(save_all), migrations.RunPython(save_all))
    assert first["worked_in"][1] < second["worked_in"][0]


@on_sqlite
def test_rows_that_a_statement_returns_are_counted(tables: Tables) -> None:
    """SQLite counts them when all of them have been fetched."""

    def make(apps: Any, editor: Any) -> None:
        product = apps.get_model("shop", "Product")
        made = [product(name=f"{number}") for number in range(ROWS)]
        product.objects.using(editor.connection.alias).bulk_create(made)

    (seen,) = watched(tables, migrations.RunPython(make))
    assert seen["rows"] == ROWS


@on_sqlite
def test_a_table_that_is_copied_counts_its_rows_once(tables: Tables) -> None:
    longer: Any = models.CharField(max_length=20)
    (seen,) = watched(tables, migrations.AlterField("product", "name", longer))
    assert (seen["rewrite"], seen["rows"]) == (True, ROWS)


@on_sqlite
def test_a_migration_that_closes_the_connection_is_watched_to_its_end(tables: Tables) -> None:
    def close(apps: Any, editor: Any) -> None:
        save_all(apps, editor)
        editor.connection.close()

    (seen,) = watched(tables, migrations.RunPython(close), atomic=False)
    assert seen["rows"] == ROWS


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE product SET code = 1", "product"),
        ('update "product" set code = 1', "product"),
        ("UPDATE `pro``duct` SET code = 1", "pro`duct"),
        ('UPDATE "pro""duct" SET code = 1', 'pro"duct'),
        ("UPDATE OR IGNORE product SET code = 1", "product"),
        ("UPDATE LOW_PRIORITY IGNORE product SET code = 1", "product"),
        ("DELETE FROM product", "product"),
        ("INSERT INTO product VALUES (1)", "product"),
        ("INSERT OR REPLACE INTO product VALUES (1)", "product"),
        ("INSERT IGNORE INTO product VALUES (1)", "product"),
        ("REPLACE INTO product VALUES (1)", "product"),
        ("WITH old AS (SELECT 1 AS a)\nUPDATE product SET code = 1", "product"),
        ("SELECT * FROM product FOR UPDATE", None),
        ("WITH old AS (SELECT 1 AS a) SELECT * FROM old", None),
        ("ALTER TABLE product ADD COLUMN code int", None),
        ("CREATE TABLE product (code int)", None),
    ],
)
def test_the_table_that_a_statement_changes_rows_of(statement: str, table: str | None) -> None:
    assert named(CHANGES_ROWS.match(statement)) == table
