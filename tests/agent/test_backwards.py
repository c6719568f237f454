"""Plans are taken back to the tables that there were, with only those models that are asked for."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from _migration_workflow_agent import catalog
from _migration_workflow_agent.backwards import Backwards
from _migration_workflow_agent.rendering import StateAskedFor
from django.db import migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from tests.agent.engines import APP, Tables, connected
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]


DROP = "ALTER TABLE shop_article DROP COLUMN x"


def referring(*, null: bool) -> Any:
    return models.ForeignKey("shop.maker", models.CASCADE, to_field="name", null=null)


def fill(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    maker = apps.get_model(APP, "Maker").objects.using(using).create(title="x")
    apps.get_model(APP, "Product").objects.using(using).create(maker=maker, size=1)


def empty(apps: Any, schema_editor: Any) -> None:
    """Ask a model for the relation that leads to it: no name of the other model is given."""
    for maker in apps.get_model(APP, "Maker").objects.using(schema_editor.connection.alias):
        maker.product_set.all().delete()
        maker.delete()


def key() -> tuple[str, Any]:
    return "id", models.BigAutoField(primary_key=True)


def history() -> list[list[Any]]:
    """Return the operations of migrations that change each other's models and fields."""
    return [
        [
            migrations.CreateModel(
                "Maker", [key(), ("name", models.CharField(max_length=9, unique=True))]
            ),
            migrations.CreateModel(
                "Product",
                [key(), ("size", models.IntegerField()), ("maker", referring(null=False))],
            ),
        ],
        [migrations.AlterField("product", "maker", referring(null=True))],
        [migrations.RenameField("maker", "name", "title")],
        [migrations.RunPython(fill, empty)],
        [migrations.AddField("product", "note", models.TextField(null=True))],
        [migrations.RenameModel("Product", "Article")],
        [
            migrations.CreateModel("Label", [key()]),
            migrations.AddField("article", "labels", models.ManyToManyField("shop.label")),
        ],
        [
            migrations.SeparateDatabaseAndState(
                [migrations.RunSQL("ALTER TABLE shop_article ADD COLUMN x int", DROP)],
                [migrations.AddField("article", "x", models.IntegerField(null=True))],
            ),
            migrations.RemoveField("article", "x"),
        ],
        [migrations.AlterField("article", "size", models.IntegerField(unique=True))],
        [migrations.RemoveField("article", "note")],
    ]


class Way:
    """A history that is applied, with the tables as they were before each migration."""

    def __init__(self, tables: Tables) -> None:
        self.connection = tables.connection
        self.before: dict[str, dict[str, str]] = {}
        self.found: dict[str, dict[str, str]] = {}
        self.plan: list[Any] = []
        recorder = MigrationRecorder(self.connection)
        recorder.ensure_schema()
        for operations in history():
            found = catalog.digests(self.connection)
            migration = tables.apply(*operations)
            self.before[migration.name] = found
            recorder.record_applied(APP, migration.name)
        for number, operations in enumerate(history(), 1):
            again: Any = migrations.Migration(f"{number:04}_step", APP)
            again.operations = operations
            self.plan.append(again)

    def executor(self, kind: Any = Backwards) -> Any:
        """Return an executor that knows this history alone."""
        executor = kind.__new__(kind)
        executor.connection = self.connection
        executor.recorder = MigrationRecorder(self.connection)
        executor.progress_callback = self.note
        nodes = {(APP, migration.name): migration for migration in self.plan}
        executor.loader = SimpleNamespace(
            graph=SimpleNamespace(nodes=nodes),
            applied_migrations=nodes,
            disk_migrations=nodes,
            unmigrated_apps=set(),
        )
        return executor

    def note(self, action: str, migration: Any = None, *_: Any) -> None:
        if action == "unapply_success":
            self.found[migration.name] = catalog.digests(self.connection)

    def back(self, executor: Any, steps: int) -> Any:
        """Take the last migrations back."""
        plan = [(migration, True) for migration in reversed(self.plan[-steps:])]
        full = [(migration, False) for migration in self.plan]
        return executor._migrate_all_backwards(plan, full, fake=False)


def test_each_step_back_leads_to_the_tables_of_before(database_url: str) -> None:
    with connected(database_url) as connection:
        way = Way(Tables(connection))
        state = way.back(way.executor(), len(way.plan))
        assert list(way.found) == list(reversed(way.before))
        assert way.found == way.before
        assert state.models == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_stays_is_the_state_afterwards(database_url: str) -> None:
    with connected(database_url) as connection:
        tables = Tables(connection)
        way = Way(tables)
        state = way.back(way.executor(), 5)
        assert way.found == dict(list(way.before.items())[-5:])
        assert set(state.models) == {(APP, "maker"), (APP, "product")}
        assert state.apps.get_model(APP, "Product")._meta.get_field("note").null


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_of_a_parent_is_changed_back_as_django_does_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = migrations.AlterField("maker", "id", models.AutoField(primary_key=True))
    child = migrations.CreateModel("Importer", [], bases=("shop.maker",))
    steps = [*history()[:1], [child], [key]]
    monkeypatch.setattr(f"{__name__}.history", lambda: steps)
    with connected(database_url) as connection:
        way = Way(Tables(connection))
        state = way.back(way.executor(), 1)
        assert way.found == {"0003_step": way.before["0003_step"]}
        assert not isinstance(state, StateAskedFor)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_states_that_share_fields_would_be_changed_by_a_new_name(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without fields of their own, the states before refer to the new name."""
    monkeypatch.setattr(StateAskedFor, "rename_field", ProjectState.rename_field)
    with connected(database_url) as connection:
        way = Way(Tables(connection))
        with pytest.raises(Exception, match="title"):
            way.back(way.executor(), len(way.plan))


def taken_back(url: str, kind: Any, steps: int, migration: Any = None) -> tuple[list[str], Any]:
    """Take the last migrations back, of which the last may be of a class of its own.

    Return the statements, and what executed them.
    """
    statements = []

    def note(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        statements.append(f"{sql} {params}")
        return execute(sql, params, many, context)

    with connected(url) as connection:
        way = Way(Tables(connection))
        if migration:
            way.plan[-1].__class__ = migration
        executor = way.executor(kind)
        executor.progress_callback = None  # it would look at the tables
        with connection.execute_wrapper(note):
            way.back(executor, steps)
        if url.endswith(":memory:"):
            connection.connection.close()
    return [one for one in statements if "django_migrations" not in one], executor


def test_a_migration_that_takes_itself_back_gets_all_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may go where relations lead back: no name of the other model is given."""
    seen = []

    class Own(migrations.Migration):
        def unapply(self, project_state: Any, *args: Any, **more: Any) -> Any:
            seen.append(hasattr(project_state.apps.get_model(APP, "maker"), "product_set"))
            return super().unapply(project_state, *args, **more)

    more = migrations.AddField("maker", "more", models.IntegerField(null=True))
    some = [*history()[:1], [more]]
    monkeypatch.setattr(f"{__name__}.history", lambda: some)
    (django, _), (ours, _) = (
        taken_back("sqlite:///:memory:", kind, 1, Own) for kind in (MigrationExecutor, Backwards)
    )
    assert ours == django
    assert seen == [True, True]


class Longer(Operation):
    """An operation that changes a model of the state itself, as long as its models aren't made."""

    def __init__(self, drop: Any) -> None:
        self.drop = drop

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.models[app_label, "maker"].fields["name"] = models.CharField(
            max_length=99, unique=True
        )
        self.drop(state)

    def database_forwards(self, *_: Any) -> None:
        pass

    def database_backwards(self, *_: Any) -> None:
        pass


def drop(state: Any) -> None:
    del state.apps


def drop_if_there(state: Any) -> None:
    if "apps" in state.__dict__:
        del state.apps


def pop(state: Any) -> None:
    state.__dict__.pop("apps", None)


@pytest.mark.parametrize("how", [drop, drop_if_there, pop])
def test_an_operation_drops_the_models_of_a_state(
    monkeypatch: pytest.MonkeyPatch, how: Any
) -> None:
    """What follows it makes the table again, and what came before it makes it anew."""
    code = migrations.AddField("maker", "code", models.IntegerField(default=1, db_index=True))
    first = [migrations.CreateModel("Maker", history()[0][0].fields)]
    some = [first, [code], [Longer(how)], [migrations.DeleteModel("Maker")]]
    monkeypatch.setattr(f"{__name__}.history", lambda: some)
    (django, _), (ours, executor) = (
        taken_back("sqlite:///:memory:", kind, 3) for kind in (MigrationExecutor, Backwards)
    )
    assert ours == django
    assert [
        found[1] for found in (re.search(r"varchar\((9+)\)", one) for one in ours) if found
    ] == ["99", "9"]
    assert not executor._as_django
