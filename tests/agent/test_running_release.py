"""What a migration breaks for the models of the release that runs, and whether it leads back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import django
import pytest
from _migration_workflow_agent.catalog import Steps
from _migration_workflow_agent.old_code import OldCode
from django.db import migrations, models

from tests.agent.engines import Tables, connected
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]


@pytest.fixture
def tables(database_url: str) -> Iterator[Tables]:
    with connected(database_url) as connection:
        tables = Tables(connection)
        tables.create("Maker", ("name", models.CharField(max_length=9, unique=True)))
        tables.create(
            "Product",
            ("code", models.UUIDField(unique=True, default=uuid.uuid4)),
            ("name", models.CharField(max_length=20)),
            ("weight", models.IntegerField(null=True)),
            ("price", models.DecimalField(max_digits=6, decimal_places=2, default=1)),
            ("maker", models.ForeignKey("shop.maker", models.CASCADE, null=True)),
            ("made", models.DateTimeField(auto_now=True)),
        )
        tables.create("Label", ("name", models.CharField(max_length=9)))
        maker = tables.rows("Maker").create(name="x")
        for name in ("a", "b"):
            tables.rows("Product").create(name=name, maker_id=maker.pk)
        yield tables


class Case(NamedTuple):
    operations: Callable[[], list[Any]]
    model: str = ""
    does: str = ""
    """What breaks; nothing where it is empty."""


def add(name: str, field: Any) -> Any:
    return migrations.AddField("product", name, field)


def alter(name: str, field: Any) -> Any:
    return migrations.AlterField("product", name, field)


def check_of(model: str, condition: Any) -> Any:
    name = "condition" if django.VERSION >= (5, 1) else "check"
    constraint = models.CheckConstraint(name="kept", **{name: condition})
    return migrations.AddConstraint(model, constraint)


def sql(*statements: str) -> list[Any]:
    return [migrations.RunSQL(statement) for statement in statements]


CASES = {
    "a column dropped": Case(
        lambda: [migrations.RemoveField("product", "weight")], "shop.Product", "select"
    ),
    "a column renamed": Case(
        lambda: [migrations.RenameField("product", "name", "title")], "shop.Product", "select"
    ),
    "a table dropped": Case(
        lambda: [migrations.DeleteModel("Label")],
        "shop.Label",
        "select",
    ),
    "a table renamed by SQL": Case(
        lambda: sql("ALTER TABLE shop_product RENAME TO shop_article"), "shop.Product", "select"
    ),
    "a required column with a default of Python's": Case(
        lambda: [add("size", models.IntegerField(default=1))], "shop.Product", "insert"
    ),
    "a required text with a default of Python's": Case(
        lambda: [add("size", models.CharField(max_length=5, default="m"))], "shop.Product", "insert"
    ),
    "a column that becomes required": Case(
        lambda: [alter("weight", models.IntegerField(default=1))], "shop.Product", "insert"
    ),
    "a column that may be NULL": Case(lambda: [add("size", models.IntegerField(null=True))]),
    "an index": Case(lambda: [alter("name", models.CharField(max_length=20, db_index=True))]),
    "a new unique constraint": Case(
        lambda: [alter("name", models.CharField(max_length=20, unique=True))]
    ),
    "a wider column": Case(lambda: [alter("name", models.CharField(max_length=200))]),
    "a help text": Case(lambda: [alter("name", models.CharField(max_length=20, help_text="no"))]),
    "a new name for the same column": Case(
        lambda: [
            alter("name", models.CharField(max_length=20, db_column="name")),
            migrations.RenameField("product", "name", "title"),
        ]
    ),
    "another table": Case(
        lambda: [
            migrations.CreateModel(
                "Shelf",
                [
                    ("id", models.BigAutoField(primary_key=True)),
                    ("product", models.ForeignKey("shop.product", models.CASCADE)),
                ],
            )
        ]
    ),
    "only the state": Case(
        lambda: [
            migrations.SeparateDatabaseAndState(
                state_operations=[migrations.RemoveField("product", "weight")]
            )
        ]
    ),
}
if django.VERSION >= (5, 0):
    CASES["a required column with a default of the database's"] = Case(
        lambda: [add("size", models.IntegerField(db_default=1))]
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_breaks_for_the_running_release(tables: Tables, case: Case) -> None:
    connection = tables.connection
    steps = Steps(connection)
    old = OldCode(connection, steps)
    steps.plan(tables.state.apps)
    old.plan(tables.state.apps)
    assert old.untried == []
    migration = tables.apply(*case.operations())
    steps.end(migration)
    old.end(migration)

    assert [(row["model"], row["does"]) for row in old.broken] == (
        [(case.model, case.does)] if case.does else []
    )
    for row in old.broken:
        assert row["migration"] == migration.name
        assert row["statement"].upper().startswith(case.does.upper())
        assert row["error"]
    assert tables.rows("Maker").count() == 1


def test_a_check_that_asks_for_more_gets_a_row_like_those_there(tables: Tables) -> None:
    tables.rows("Product").update(weight=3)
    heavy = models.Q(weight__isnull=False)
    tables.apply(check_of("product", heavy))
    steps = Steps(tables.connection)
    old = OldCode(tables.connection, steps)
    steps.plan(tables.state.apps)
    old.plan(tables.state.apps)
    assert old.untried == []


def test_what_fails_already_is_no_doing_of_a_migration(tables: Tables) -> None:
    tables.rows("Product").all().delete()
    tables.apply(check_of("product", models.Q(weight=3, weight__isnull=False)))
    steps = Steps(tables.connection)
    old = OldCode(tables.connection, steps)
    steps.plan(tables.state.apps)
    old.plan(tables.state.apps)
    assert old.untried == ["shop.Product insert"]

    migration = tables.apply(add("size", models.IntegerField(default=1)))
    steps.end(migration)
    old.end(migration)
    assert old.broken == []
