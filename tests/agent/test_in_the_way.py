"""Rows that keep a migration from being applied: how many, and the query that shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from _migration_workflow_agent.in_the_way import rows_in_the_way
from django.db import Error, migrations, models

from tests.agent.engines import Tables, check, connected
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

MYSQL_AND_POSTGRESQL = {"mysql", "postgresql"}
EVERYWHERE = {"sqlite", *MYSQL_AND_POSTGRESQL}


@pytest.fixture
def tables(database_url: str) -> Iterator[Tables]:
    with connected(database_url) as connection:
        tables = Tables(connection)
        tables.create("Maker", ("name", models.CharField(max_length=9)))
        tables.create(
            "Product",
            ("name", models.CharField(max_length=20, null=True)),
            ("weight", models.IntegerField(null=True)),
            ("maker", models.BigIntegerField(null=True)),
        )
        rows = (
            ("a", 1, None),
            ("a", 1, 7),
            ("b", -5, 8),
            (None, None, None),
            ("c" * 20, 70_000, 9),
        )
        tables.rows("Maker").create(pk=9, name="x")
        for name, weight, maker in rows:
            tables.rows("Product").create(name=name, weight=weight, maker=maker)
        yield tables


def alter(name: str, field: Any) -> Any:
    return migrations.AlterField("product", name, field)


class Case(NamedTuple):
    operation: Callable[[], Any]
    kind: str
    rows: int
    engines: set[str] = EVERYWHERE


UNIQUE = models.Q(weight__gt=0)
FOREIGN_KEY: dict[str, Any] = {
    "to": "shop.maker",
    "on_delete": models.CASCADE,
    "db_column": "maker",
    "null": True,
}

CASES = {
    "NULL under a new NOT NULL": Case(
        lambda: alter("name", models.CharField(max_length=20)), "without a value", 1
    ),
    "duplicates under a new unique": Case(
        lambda: alter("name", models.CharField(max_length=20, null=True, unique=True)),
        "that are not unique",
        2,
    ),
    "duplicates under a constraint": Case(
        lambda: migrations.AddConstraint(
            "product", models.UniqueConstraint(fields=["name", "weight"], name="one")
        ),
        "that are not unique",
        2,
    ),
    "duplicates under a condition": Case(
        lambda: migrations.AddConstraint(
            "product", models.UniqueConstraint(fields=["weight"], condition=UNIQUE, name="one")
        ),
        "that are not unique",
        2,
        {"sqlite", "postgresql"},
    ),
    "duplicates together": Case(
        lambda: migrations.AlterUniqueTogether("product", {("name", "weight")}),
        "that are not unique",
        2,
    ),
    "orphans under a foreign key": Case(
        lambda: alter("maker", models.ForeignKey(**FOREIGN_KEY)), "that refer to nothing", 2
    ),
    "a violated check": Case(
        lambda: check("product", models.Q(weight__gte=0)), "that violate the check", 1
    ),
    "texts that are too long": Case(
        lambda: alter("name", models.CharField(max_length=10, null=True)),
        "with a value that is too long",
        1,
        MYSQL_AND_POSTGRESQL,
    ),
    "numbers out of range": Case(
        lambda: alter("weight", models.SmallIntegerField(null=True)),
        "with a number that does not fit",
        1,
        MYSQL_AND_POSTGRESQL,
    ),
    "texts that are no numbers": Case(
        lambda: alter("name", models.IntegerField(null=True)),
        "with a value that is no number",
        4,
        MYSQL_AND_POSTGRESQL,
    ),
    "a new field without a default": Case(
        lambda: migrations.AddField("product", "size", models.IntegerField()),
        "for which there is no value",
        5,
        {"sqlite", "postgresql"},
    ),
    "a new unique field with one default": Case(
        lambda: migrations.AddField("product", "size", models.IntegerField(default=1, unique=True)),
        "that would all get the same value",
        5,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_named_with_the_query_that_shows_them(tables: Tables, case: Case) -> None:
    connection = tables.connection
    if connection.vendor not in case.engines:
        pytest.skip(f"{connection.vendor} takes these rows")
    before = tables.state
    operation = case.operation()
    with pytest.raises(Error):
        tables.apply(operation)

    found = rows_in_the_way(connection, before, tables.migration(operation), 0)

    assert [(item["kind"], item["rows"]) for item in found] == [(case.kind, case.rows)]
    assert found[0]["model"] == "shop.Product"
    with connection.cursor() as cursor:
        cursor.execute(found[0]["query"])
        assert cursor.fetchall()


def test_silent_where_every_row_fits(tables: Tables) -> None:
    tables.rows("Product").all().delete()
    for case in CASES.values():
        assert not rows_in_the_way(
            tables.connection, tables.state, tables.migration(case.operation()), 0
        )


def fill(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias)
    rows.filter(weight=None).update(weight=-1)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_rows_of_an_operation_before_count_and_nothing_of_it_stays(tables: Tables) -> None:
    operations = (
        migrations.RunPython(fill),
        migrations.AlterField("product", "weight", models.IntegerField()),
        check("product", models.Q(weight__gte=0)),
    )
    found = rows_in_the_way(tables.connection, tables.state, tables.migration(*operations), None)
    assert [(item["operation"], item["rows"]) for item in found] == [(2, 2)]
    assert tables.rows("Product").filter(weight=None).count() == 1
