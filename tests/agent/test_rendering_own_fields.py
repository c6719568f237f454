"""What a class of the project's adds to models that it refers to is there as with Django."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from _migration_workflow_agent.backwards import Backwards
from _migration_workflow_agent.rendering import Executor, StateAskedFor
from django.db import connections, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState
from django.db.models.fields.related import lazy_related_operation
from django.db.models.signals import class_prepared

from tests.agent.engines import APP

DJANGO, OURS = "default", "other"
"""The databases of both sides."""


def add_number(model: Any) -> None:
    if "letters" not in {field.name for field in model._meta.local_fields}:
        model.add_to_class("letters", models.IntegerField(default=0))


class Counted(models.ForeignKey):  # type: ignore[type-arg]
    """A key that keeps a number in the model that it refers to."""

    def contribute_to_related_class(self, cls: Any, related: Any) -> None:
        super().contribute_to_related_class(cls, related)
        add_number(cls)


class Loud(models.ForeignKey):  # type: ignore[type-arg]
    """A key that gives the model that it refers to nothing that a table has."""

    def contribute_to_related_class(self, cls: Any, related: Any) -> None:
        super().contribute_to_related_class(cls, related)
        cls.is_loud = True


class CountedByName(models.IntegerField):  # type: ignore[type-arg]
    """A field that keeps a number in a model that it knows by name."""

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        lazy_related_operation(lambda _, author: add_number(author), cls, f"{APP}.author")


class Counting(models.Manager):  # type: ignore[type-arg]
    use_in_migrations = True

    def contribute_to_class(self, cls: Any, name: str) -> None:
        super().contribute_to_class(cls, name)
        lazy_related_operation(lambda _, author: add_number(author), cls, f"{APP}.author")


def count_letters(sender: Any, **_: Any) -> None:
    if sender.__name__ == "Letter":
        lazy_related_operation(lambda _, author: add_number(author), sender, f"{APP}.author")


def pass_by(sender: Any, **_: Any) -> None:
    """Add nothing, whatever class is there."""


@contextmanager
def heard_by(receiver: Any) -> Iterator[None]:
    class_prepared.connect(receiver)
    try:
        yield
    finally:
        class_prepared.disconnect(receiver)


def author() -> Any:
    return migrations.CreateModel(
        "Author", [("id", models.BigAutoField(primary_key=True)), ("age", models.IntegerField())]
    )


def letter(key: type[Any] = models.ForeignKey, *fields: Any, **more: Any) -> Any:
    own: Any = ("id", models.BigAutoField(primary_key=True))
    to = ("author", key(f"{APP}.author", models.CASCADE))
    return migrations.CreateModel("Letter", [own, to, *fields], **more)


def column() -> Any:
    """Add the column that the state's operations say nothing of."""
    there = "ALTER TABLE shop_author ADD letters integer DEFAULT 0 NOT NULL"
    return migrations.RunSQL(there, migrations.RunSQL.noop)


def number(name: str) -> Any:
    """Have SQLite make the table anew, both ways, with all columns that the model has."""
    return migrations.AddField("author", name, models.IntegerField(default=1, db_index=True))


def step(place: int, operations: list[Any]) -> Any:
    migration: Any = migrations.Migration(f"{place:04}_step", APP)
    migration.operations = operations
    return migration


class Side:
    """A history on one of both databases, at whose end a table is made anew, and once more."""

    def __init__(self, alias: str, history: Any) -> None:
        self.connection = connections[alias]
        self.connection.ensure_connection()
        parts = [*history(), [number("born")], [number("died")]]
        self.steps = [step(place, part) for place, part in enumerate(parts, 1)]
        self.state = ProjectState()
        assert self.state.apps
        self.statements: list[str] = []

    def executor(self, kind: Any) -> Any:
        executor = kind.__new__(kind)
        executor.connection = self.connection
        executor.progress_callback = None
        executor.record_migration = lambda *_, **__: None
        executor.recorder = SimpleNamespace(record_unapplied=lambda *_: None)
        nodes = {(APP, migration.name): migration for migration in self.steps}
        executor.loader = SimpleNamespace(
            graph=SimpleNamespace(nodes=nodes),
            applied_migrations=nodes,
            disk_migrations=nodes,
            unmigrated_apps=set(),
            replace_migrations=False,
        )
        return executor

    def forwards(self, kind: Any, until: int | None = None) -> Any:
        executor = self.executor(kind)
        with self.connection.execute_wrapper(self._note):
            for migration in self.steps[:until]:
                self.state = executor.apply_migration(self.state, migration)
        return self.state

    def onwards(self, kind: Any, since: int) -> Any:
        """Run the rest as a plan of its own, on the state that a plan begins with."""
        executor, rest = self.executor(kind), self.steps[since:]
        self.statements.clear()
        state = ProjectState()
        for migration in self.steps[:since]:
            state = migration.mutate_state(state, preserve=False)
        if kind is Executor:
            state = executor._asked_for(state, [])
        plan = [(migration, False) for migration in rest]
        with self.connection.execute_wrapper(self._note):
            return executor._migrate_all_forwards(state, plan, plan, fake=False, fake_initial=False)

    def back(self, kind: Any, count: int) -> Any:
        plan = [(migration, True) for migration in self.steps[: -count - 1 : -1]]
        full = [(migration, False) for migration in self.steps]
        self.statements.clear()
        with self.connection.execute_wrapper(self._note):
            return self.executor(kind)._migrate_all_backwards(plan, full, fake=False)

    def _note(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.statements.append(f"{sql} {params}")
        return execute(sql, params, many, context)

    def there(self) -> list[bool]:
        """Say for each time that the table is made anew whether what was added is in it."""
        anew = [sql for sql in self.statements if 'INTO "new__shop_author' in sql]
        return ["letters" in sql for sql in anew]


def compared(history: Any) -> tuple[Any, list[bool]]:
    """Run a history on both sides; return our last state, and whether what was added is there."""
    django, ours = Side(DJANGO, history), Side(OURS, history)
    django.forwards(MigrationExecutor)
    state = ours.forwards(Executor)
    assert ours.statements == django.statements
    return state, ours.there()


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(
            lambda: [[author()], [letter(Counted), column()]],
            id="a field",
        ),
        pytest.param(
            lambda: [
                [author()],
                [letter()],
                [
                    migrations.AddField(
                        "letter",
                        "other",
                        Counted(f"{APP}.author", models.CASCADE, null=True, related_name="+"),
                    ),
                    column(),
                ],
            ],
            id="a field that comes later",
        ),
        pytest.param(
            lambda: [
                [author()],
                [letter()],
                [migrations.AlterField("letter", "author", letter(Counted).fields[1][1]), column()],
            ],
            id="a field that was another",
        ),
        pytest.param(
            lambda: [
                [author()],
                [migrations.SeparateDatabaseAndState([letter()], [letter(Counted)]), column()],
            ],
            id="a field that only the state has",
        ),
        pytest.param(
            lambda: [
                [author()],
                [letter(Counted), column(), migrations.RenameModel("Letter", "Mail")],
            ],
            id="a field of a model with a new name",
        ),
        pytest.param(
            lambda: [
                [author()],
                [letter(models.ForeignKey, ("number", CountedByName(default=0))), column()],
            ],
            id="a field that is no relation",
        ),
        pytest.param(
            lambda: [[author()], [letter(managers=[("objects", Counting())]), column()]],
            id="a manager",
        ),
    ],
)
def test_what_a_part_of_a_model_adds(history: Any) -> None:
    state, there = compared(history)
    assert there == [True, True]
    assert not isinstance(state, StateAskedFor)


@pytest.mark.parametrize(
    ("operation", "stays"),
    [
        (migrations.RemoveField("letter", "author"), [False, False]),
        (migrations.DeleteModel("Letter"), [True, False]),
    ],
)
def test_what_was_added_goes_where_django_makes_the_class_anew(
    operation: Any, stays: list[bool]
) -> None:
    _, there = compared(lambda: [[author()], [letter(Counted), column()], [operation]])
    assert there == stays


def test_what_whoever_hears_of_a_class_adds() -> None:
    with heard_by(count_letters):
        _, there = compared(lambda: [[author()], [letter(), column()]])
    assert there == [True, True]


def test_what_is_added_in_the_state_that_a_plan_begins_with() -> None:
    sides = [
        Side(alias, lambda: [[author()], [letter(Counted), column()]]) for alias in (DJANGO, OURS)
    ]
    for side in sides:
        side.forwards(MigrationExecutor, until=2)
    django, ours = sides
    django.onwards(MigrationExecutor, since=2)
    ours.onwards(Executor, since=2)
    assert ours.statements == django.statements
    assert all(ours.there())


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_added_on_the_way_back(count: int) -> None:
    sides = [
        Side(
            alias,
            lambda: [[author()], [letter(Counted), column()]],
        )
        for alias in (DJANGO, OURS)
    ]
    for side in sides:
        side.forwards(MigrationExecutor)
    django, ours = sides
    django.back(MigrationExecutor, count)
    ours.back(Backwards, count)
    assert ours.statements == django.statements
    assert all(ours.there())


def test_what_waits_for_a_model_that_comes_later() -> None:
    """It isn't known yet what will be added."""
    fields: Any = [
        ("id", models.BigAutoField(primary_key=True)),
        ("number", CountedByName(default=0)),
    ]
    _, there = compared(lambda: [[migrations.CreateModel("Letter", fields)], [author()]])
    assert there == [True, False]


def test_what_goes_wrong_goes_wrong_when_the_migration_runs() -> None:
    missing = migrations.AddField("nothing", "age", models.IntegerField())
    sides = [Side(alias, lambda: [[author()], [letter(Loud), missing]]) for alias in (DJANGO, OURS)]
    for side, kind in zip(sides, (MigrationExecutor, Executor), strict=True):
        with pytest.raises(KeyError, match="nothing"):
            side.forwards(kind)
    assert sides[1].statements == sides[0].statements
    assert "shop_letter" in " ".join(sides[1].statements)


@pytest.mark.parametrize("key", [models.ForeignKey, Loud])
def test_nothing_is_added(key: Any) -> None:
    def history() -> Any:
        return [[author()], [letter(key)]]

    assert isinstance(compared(history)[0], StateAskedFor)


def test_nothing_is_added_by_whoever_hears_of_classes() -> None:
    with heard_by(pass_by):
        state, _ = compared(lambda: [[author()], [letter()]])
    assert isinstance(state, StateAskedFor)
