"""What a migration breaks for the models of the release that runs, and whether it leads back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import django
import pytest
from _migration_workflow_agent import reversing
from _migration_workflow_agent.catalog import Steps
from _migration_workflow_agent.fingerprint import fingerprint
from _migration_workflow_agent.migrating import MigrationFailedError
from _migration_workflow_agent.old_code import OldCode
from _migration_workflow_agent.reversing import Rows
from django.db import migrations, models

from tests.agent.engines import Tables, check, connected
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
    tables.apply(check("product", heavy))
    steps = Steps(tables.connection)
    old = OldCode(tables.connection, steps)
    steps.plan(tables.state.apps)
    old.plan(tables.state.apps)
    assert old.untried == []


def test_what_fails_already_is_no_doing_of_a_migration(tables: Tables) -> None:
    tables.rows("Product").all().delete()
    tables.apply(check("product", models.Q(weight=3, weight__isnull=False)))
    steps = Steps(tables.connection)
    old = OldCode(tables.connection, steps)
    steps.plan(tables.state.apps)
    old.plan(tables.state.apps)
    assert old.untried == ["shop.Product insert"]

    migration = tables.apply(add("size", models.IntegerField(default=1)))
    steps.end(migration)
    old.end(migration)
    assert old.broken == []


class Return(NamedTuple):
    operations: Callable[[], list[Any]]
    reversal: str


def nothing(apps: Any, schema_editor: Any) -> None:
    """Do nothing."""


def rename_all(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("shop", "Maker").objects.using(schema_editor.connection.alias)
    rows.update(name="y")


def fail(apps: Any, schema_editor: Any) -> None:
    raise ValueError("no way back")


WAYS_BACK = {
    "a new column": Return(lambda: [add("size", models.IntegerField(default=1))], "proven"),
    "an index": Return(
        lambda: [alter("name", models.CharField(max_length=20, db_index=True))], "proven"
    ),
    "a dropped column that held nothing": Return(
        lambda: [migrations.RemoveField("product", "weight")], "proven"
    ),
    "a dropped column": Return(
        lambda: [migrations.RemoveField("product", "price")], "loses or changes rows"
    ),
    "rows that stay as they became": Return(
        lambda: [migrations.RunPython(rename_all, nothing)], "loses or changes rows"
    ),
    "a reverse that fails": Return(lambda: [migrations.RunPython(nothing, fail)], "fails"),
    "no reverse": Return(lambda: [migrations.RunPython(nothing)], "irreversible"),
    "a reverse that leaves something": Return(
        lambda: [migrations.RunSQL("CREATE INDEX left_over ON shop_maker (name)", "SELECT 1")],
        "leads to other tables",
    ),
}


@pytest.mark.parametrize("case", WAYS_BACK.values(), ids=WAYS_BACK)
def test_the_way_back(tables: Tables, case: Return, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.rows("Product").update(price=3)
    before, migration = tables.state, tables.migration(*case.operations())
    steps = Steps(tables.connection)
    steps.plan(None)
    rows = Rows(tables.connection, fingerprint(tables.connection)["rows"])
    with tables.connection.schema_editor(atomic=migration.atomic) as editor:
        migration.apply(before.clone(), editor)
    steps.end(migration)

    def migrate(connection: Any, recorder: Any, plan: Any, **_: Any) -> None:
        """Go back as the executor does, which would load migrations from files."""
        for step, _ in plan:
            recorder("unapply_start", step)
            try:
                with connection.schema_editor(atomic=step.atomic) as editor:
                    step.unapply(before.clone(), editor)
            except ValueError as error:
                raise MigrationFailedError(step, 0, error) from error
            recorder("unapply_success", step)

    monkeypatch.setattr(reversing, "migrate", migrate)
    monkeypatch.setattr(MigrationFailedError, "described", lambda error: {"error": str(error)})
    session = SimpleNamespace(channel=SimpleNamespace(event=lambda **_: None))
    found = reversing.go_back(session, steps, rows, [migration])

    assert found["shop", migration.name]["reversal"] == case.reversal
    assert found["shop", migration.name]["reversible"] is (case.reversal == "proven")
