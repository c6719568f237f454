"""Rows that keep a migration from being applied: how many, and the query that shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from _migration_workflow_agent.earlier_names import EarlierNames
from _migration_workflow_agent.fingerprint import schema
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


def names(tables: Tables) -> EarlierNames:
    """What is called how before a plan that begins now."""
    return EarlierNames(tables.state, schema(tables.connection))


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
    called, operation = names(tables), case.operation()
    with pytest.raises(Error):
        tables.apply(operation)

    found = rows_in_the_way(connection, before, tables.migration(operation), 0, called)

    assert [(item["kind"], item["rows"]) for item in found] == [(case.kind, case.rows)]
    assert (found[0]["model"], found[0]["lacks"]) == ("shop.Product", [])
    with connection.cursor() as cursor:
        cursor.execute(found[0]["query"])
        assert cursor.fetchall()


def test_silent_where_every_row_fits(tables: Tables) -> None:
    tables.rows("Product").all().delete()
    for case in CASES.values():
        migration = tables.migration(case.operation())
        assert not rows_in_the_way(tables.connection, tables.state, migration, 0, names(tables))


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
    found = rows_in_the_way(
        tables.connection, tables.state, tables.migration(*operations), None, names(tables)
    )
    assert [(item["operation"], item["rows"]) for item in found] == [(2, 2)]
    assert tables.rows("Product").filter(weight=None).count() == 1


def known(name: str, field: Any) -> Any:
    return migrations.AddField("product", name, field)


def renamed(name: str, to: str) -> Any:
    return migrations.RenameField("product", name, to)


def only_told(*operations: Any) -> Any:
    return migrations.SeparateDatabaseAndState(state_operations=list(operations))


TEXT: dict[str, Any] = {"max_length": 20, "null": True}
SKU: Any = models.CharField(**TEXT, unique=True)
REQUIRED: Any = models.CharField(max_length=20)
MAKER: dict[str, Any] = {"to": "shop.maker", "on_delete": models.CASCADE, "null": True}
SECOND: list[tuple[str, models.Field[Any, Any]]] = [
    ("id", models.BigAutoField(primary_key=True)),
    ("weight", models.IntegerField(null=True)),
]

RENAMES = {
    "a field, then a foreign key": (
        [
            renamed("maker", "owner"),
            migrations.AlterField("product", "owner", models.ForeignKey(**MAKER)),
        ],
        "maker",
        2,
    ),
    "a field, then unique": (
        [renamed("name", "sku"), migrations.AlterField("product", "sku", SKU)],
        "name",
        1,
    ),
    "a field twice, then a check": (
        [
            renamed("weight", "mass"),
            renamed("mass", "grams"),
            check("product", models.Q(grams__gte=0)),
        ],
        "weight",
        1,
    ),
    "a model, then NOT NULL": (
        [
            migrations.RenameModel("Product", "Item"),
            migrations.AlterField("item", "name", REQUIRED),
        ],
        "name",
        1,
    ),
    "a table, then a constraint": (
        [
            migrations.AlterModelTable("product", "goods"),
            migrations.AddConstraint(
                "product", models.UniqueConstraint(fields=["name", "weight"], name="one")
            ),
        ],
        "name",
        1,
    ),
    "a column, then unique": (
        [
            alter("name", models.CharField(**TEXT, db_column="sku")),
            alter("name", models.CharField(**TEXT, db_column="sku", unique=True)),
        ],
        "name",
        1,
    ),
    "the table that is referred to": (
        [
            migrations.RenameModel("Maker", "Firm"),
            alter("maker", models.ForeignKey(**{**MAKER, "to": "shop.firm"}, db_column="maker")),
        ],
        "maker",
        2,
    ),
    "to the name of one that went": (
        [
            migrations.RemoveField("product", "maker"),
            renamed("weight", "maker"),
            alter("maker", models.IntegerField()),
        ],
        "weight",
        1,
    ),
}


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
class TestNamesBeforeThePlan:
    """The query is run on the database itself, where nothing of the plan is yet."""

    def found(self, tables: Tables, operations: list[Any]) -> dict[str, Any]:
        """What is in the way of the last operation, after the others of its migration."""
        migration = tables.migration(*operations)
        index = len(operations) - 1
        (found,) = rows_in_the_way(tables.connection, tables.state, migration, index, names(tables))
        item: dict[str, Any] = found
        return item

    @pytest.mark.parametrize(("operations", "column", "rows"), RENAMES.values(), ids=RENAMES)
    def test_what_the_migration_renames(
        self, tables: Tables, operations: list[Any], column: str, rows: int
    ) -> None:
        found = self.found(tables, operations)
        assert f'"{column}"' in found["query"]
        assert 'FROM "shop_product"' in found["query"]
        assert found["lacks"] == []
        with tables.connection.cursor() as cursor:
            cursor.execute(found["query"])
            assert len(cursor.fetchall()) == rows

    def test_what_an_earlier_migration_of_the_plan_renames(self, tables: Tables) -> None:
        called = names(tables)
        first, alter = renamed("weight", "grams"), check("product", models.Q(grams__gte=0))
        tables.apply(first)
        called.follow("shop", first)
        (found,) = rows_in_the_way(
            tables.connection, tables.state, tables.migration(alter), 0, called
        )
        assert (found["rows"], found["lacks"]) == (1, [])
        assert found["query"] == 'SELECT * FROM "shop_product" WHERE NOT ("weight" >= 0)'

    @pytest.mark.parametrize(
        ("operations", "lacks"),
        [
            (
                [known("z", models.IntegerField(null=True)), alter("z", models.IntegerField())],
                ["shop_product.z"],
            ),
            (
                [
                    known("z", models.IntegerField(null=True)),
                    renamed("z", "y"),
                    alter("y", models.IntegerField()),
                ],
                ["shop_product.y"],
            ),
            (
                [
                    migrations.RemoveField("product", "name"),
                    known("name", models.IntegerField(default=7)),
                    alter("name", models.IntegerField(unique=True)),
                ],
                ["shop_product.name"],
            ),
            (
                [
                    migrations.CreateModel("Second", SECOND),
                    migrations.RunSQL("INSERT INTO shop_second (id, weight) VALUES (1, NULL)"),
                    migrations.AlterField("second", "weight", models.IntegerField()),
                ],
                ["shop_second"],
            ),
            (
                [
                    migrations.CreateModel("Second", SECOND),
                    alter(
                        "weight",
                        models.ForeignKey(
                            "shop.second", models.CASCADE, null=True, db_column="weight"
                        ),
                    ),
                ],
                ["shop_second"],
            ),
        ],
        ids=["a column", "renamed", "of a name that went", "a table", "referred to"],
    )
    def test_what_the_plan_makes_is_lacking(
        self, tables: Tables, operations: list[Any], lacks: list[str]
    ) -> None:
        assert self.found(tables, operations)["lacks"] == lacks

    @pytest.mark.parametrize(
        "operations",
        [
            [
                only_told(migrations.CreateModel("Twin", SECOND, {"db_table": "shop_product"})),
                migrations.AlterField("twin", "weight", models.IntegerField()),
            ],
            [
                only_told(migrations.RemoveField("product", "weight")),
                only_told(known("weight", models.IntegerField(null=True))),
                alter("weight", models.IntegerField()),
            ],
            [known("z", models.IntegerField(null=True)), alter("weight", models.IntegerField())],
        ],
        ids=["a model told of", "a field told of", "a column that the query does not name"],
    )
    def test_silent_for_what_is_there(self, tables: Tables, operations: list[Any]) -> None:
        found = self.found(tables, operations)
        assert found["lacks"] == []
        assert found["query"] == 'SELECT * FROM "shop_product" WHERE "weight" IS NULL'
