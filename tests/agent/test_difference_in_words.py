"""What differs between two schemas, as people speak of columns, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from _migration_workflow_agent.fingerprint import difference, difference_in_words, schema
from django.db import migrations, models

from tests.agent.engines import Tables, connected
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

FIELDS: dict[str, tuple[Any, dict[str, str]]] = {
    "text": (models.TextField(null=True), {"": "text, null"}),
    "char": (
        models.CharField(max_length=20, null=True),
        {"": "char(20), null", "sqlite": "varchar(20), null"},
    ),
    "required": (models.IntegerField(default=1), {"": "integer, not null"}),
    "decimal": (
        models.DecimalField(max_digits=8, decimal_places=2, null=True),
        {"": "decimal(8,2), null", "sqlite": "decimal, null"},
    ),
    "date": (models.DateField(null=True), {"": "date, null"}),
}


@pytest.fixture
def tables(database_url: str) -> Iterator[Tables]:
    with connected(database_url) as connection:
        tables = Tables(connection)
        tables.create("Product", ("weight", models.IntegerField(null=True)))
        yield tables


def after(tables: Tables, *operations: Any) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The schema before and after some operations."""
    before: dict[str, list[str]] = schema(tables.connection)
    tables.apply(*operations)
    return before, schema(tables.connection)


@pytest.mark.parametrize(("field", "words"), FIELDS.values(), ids=FIELDS)
def test_a_column_by_its_type(tables: Tables, field: Any, words: dict[str, str]) -> None:
    connection = tables.connection
    before, now = after(tables, migrations.AddField("product", "memo", field))
    said = words.get(connection.vendor, words[""])
    assert difference_in_words(connection, now, before) == [
        f"shop_product.memo is missing ({said})"
    ]
    assert difference_in_words(connection, before, now) == [
        f"shop_product.memo is left over ({said})"
    ]


def test_a_column_that_is_another(tables: Tables) -> None:
    before, now = after(
        tables, migrations.AlterField("product", "weight", models.TextField(default=""))
    )
    assert difference_in_words(tables.connection, before, now) == [
        "shop_product.weight is (text, not null), not (integer, null)"
    ]


def test_the_rest_as_ever(tables: Tables) -> None:
    """Tables, indexes and what has no words of its own."""
    index = models.Index(fields=["weight"], name="by_weight")
    before, now = after(
        tables,
        migrations.AddIndex("product", index),
        migrations.CreateModel("Tag", [("id", models.AutoField(primary_key=True))]),
    )
    found = difference_in_words(tables.connection, before, now)
    assert found == difference(before, now)
    assert "shop_tag is left over" in found


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_what_only_the_lines_show(tables: Tables) -> None:
    """Two columns of one type that are not the same."""
    before, _ = after(tables, migrations.AddField("product", "memo", models.TextField(null=True)))
    before = schema(tables.connection)
    with tables.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_product MODIFY memo longtext COLLATE utf8mb4_bin NULL")
    now = schema(tables.connection)
    found = difference_in_words(tables.connection, before, now)
    assert found == difference(before, now)
    assert len(found) == 2


def test_silent_for_what_is_the_same(tables: Tables) -> None:
    now = schema(tables.connection)
    assert difference_in_words(tables.connection, now, now) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_type_that_django_has_no_field_for(tables: Tables) -> None:
    before = schema(tables.connection)
    with tables.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_product ADD COLUMN place point DEFAULT '(1,2)'")
    (line,) = difference_in_words(tables.connection, before, schema(tables.connection))
    assert line == "shop_product.place is left over (type 600, null, default '(1,2)'::point)"
