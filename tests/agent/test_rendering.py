"""Whatever the operations, each statement and the schema are those of Django's own executor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest
from _migration_workflow_agent.fingerprint import fingerprint
from _migration_workflow_agent.rendering import (
    Cloned,
    Executor,
    StateAskedFor,
    is_known,
    leaves_models_behind,
)
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, OperationalError, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from tests.agent.engines import APP, check, connected
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

ENGINES = ["sqlite", "postgresql", "mariadb"]

CASCADE: dict[str, Any] = {"on_delete": models.CASCADE}


@pytest.fixture
def target(database_url: str) -> Iterator[Any]:
    """An empty database."""
    with connected(database_url) as connection:
        assert connection.features.supports_json_field  # asks once, with statements
        yield connection


def create(name: str, *fields: tuple[str, Any], **more: Any) -> Any:
    key: tuple[str, Any] = ("id", models.BigAutoField(primary_key=True))
    return migrations.CreateModel(name, [key, *fields], **more)


def to(model: str, **more: Any) -> Any:
    return models.ForeignKey(model if model == "self" else f"{APP}.{model}", **{**CASCADE, **more})


def many(model: str, **more: Any) -> Any:
    return models.ManyToManyField(f"{APP}.{model}", **more)


def char(**more: Any) -> Any:
    return models.CharField(max_length=20, **more)


AUTHOR = create("Author", ("name", char()), ("code", char(unique=True)))
BOOK = create(
    "Book",
    ("title", char()),
    ("isbn", char(null=True)),
    ("author", to("Author", related_name="books")),
)
TAG = create("Tag", ("label", char()), ("parent", to("self", null=True)), ("books", many("Book")))
SHOP = [AUTHOR, BOOK, TAG]
INDEX = models.Index(fields=["title"], name="by_title")
UNIQUE = models.UniqueConstraint(fields=["title", "author"], name="one_title")


def insert(apps: Any, editor: Any) -> None:
    author = apps.get_model(APP, "Author").objects.using(editor.connection.alias).create(name="a")
    author.books.create(title="b")


def look_at_all(apps: Any, editor: Any) -> None:
    alias = editor.connection.alias
    for model in apps.get_models():
        assert list(model.objects.using(alias)) == []
        apps.get_app_config(model._meta.app_label).get_model(model.__name__)
    author = apps.get_model(f"{APP}.Author")
    assert {relation.name for relation in author._meta.related_objects} == {"books"}
    assert list(author.objects.using(alias).filter(books__tag__label="x")) == []
    assert list(author.objects.using(alias).filter(books__title="x").delete()[1]) == []


class OwnOperation(migrations.AddField):
    """An operation that isn't Django's."""


CASES: dict[str, Sequence[Any]] = {
    "CreateModel": SHOP,
    "CreateModel that refers to one that comes later": [
        create("Book", ("author", models.IntegerField())),
        AUTHOR,
        migrations.AlterField("Book", "author", to("Author")),
    ],
    "CreateModel with indexes and constraints": [
        AUTHOR,
        create(
            "Book",
            ("title", char()),
            ("author", to("Author")),
            options={
                "unique_together": {("title", "author")},
                "indexes": [INDEX],
                "constraints": [UNIQUE],
                "order_with_respect_to": "author",
            },
        ),
    ],
    "DeleteModel": [*SHOP, migrations.DeleteModel("Tag"), migrations.DeleteModel("Book")],
    "RenameModel": [*SHOP, migrations.RenameModel("Author", "Writer")],
    "RenameField in a migration that runs as Django has it": [
        *SHOP,
        create("Note", ("author", to("Author", to_field="code"))),
        migrations.AddField("Note", "text", char(default="x")),
        OwnOperation("Note", "more", char(default="x")),
        migrations.RenameField("Author", "code", "number"),
        migrations.AlterField("Note", "text", char(default="y", null=True)),
        migrations.AlterField("Note", "more", char(default="y", null=True)),
    ],
    "RenameModel that refers": [*SHOP, migrations.RenameModel("Tag", "Label")],
    "RenameModel to and fro": [
        *SHOP,
        migrations.RenameModel("Book", "Work"),
        migrations.AddField("Work", "pages", models.IntegerField(default=0)),
        migrations.RenameModel("Work", "Book"),
        migrations.RemoveField("Book", "pages"),
    ],
    "AlterModelTable": [
        *SHOP,
        migrations.AlterModelTable("Tag", "labels"),
        migrations.AlterModelTable("Author", "writers"),
        migrations.AlterField("Book", "author", to("Author", null=True)),
    ],
    "AlterModelOptions and managers": [
        *SHOP,
        migrations.AlterModelOptions("Book", {"ordering": ["title"], "verbose_name": "volume"}),
        migrations.AlterModelManagers("Book", [("things", models.Manager())]),
        migrations.AddField("Book", "pages", models.IntegerField(null=True)),
    ],
    "AlterModelOptions: no longer managed": [
        *SHOP,
        migrations.AlterModelOptions("Tag", {"managed": False}),
        migrations.AddField("Tag", "unseen", char(default="")),
        migrations.DeleteModel("Tag"),
    ],
    "AlterUniqueTogether": [
        *SHOP,
        migrations.AlterUniqueTogether("Book", {("title", "author")}),
        migrations.AlterUniqueTogether("Book", {("title", "isbn")}),
        migrations.AlterUniqueTogether("Book", set()),
    ],
    "AlterIndexTogether": [
        *SHOP,
        migrations.AlterIndexTogether("Book", {("title", "isbn")}),
        migrations.RenameIndex("Book", "by_both", old_fields=("title", "isbn")),
    ],
    "AlterOrderWithRespectTo": [
        *SHOP,
        migrations.AlterOrderWithRespectTo("Book", "author"),
        migrations.AlterField("Book", "title", char(default="x")),
        migrations.AlterOrderWithRespectTo("Book", None),
    ],
    "indexes": [
        *SHOP,
        migrations.AddIndex("Book", INDEX),
        migrations.RenameIndex("Book", "by_name", old_name="by_title"),
        migrations.AlterField("Book", "title", models.TextField()),
        migrations.AlterField("Book", "title", char()),
        migrations.RemoveIndex("Book", "by_name"),
    ],
    "constraints": [
        *SHOP,
        migrations.AddConstraint("Book", UNIQUE),
        check("Book", models.Q(title__gt="a") & ~models.Q(isbn="x")),
        migrations.AddField("Book", "pages", models.IntegerField(default=1)),
        migrations.RemoveConstraint("Book", "kept"),
        migrations.RemoveConstraint("Book", "one_title"),
    ],
    "AddField": [
        *SHOP,
        migrations.AddField("Book", "a", models.IntegerField(null=True)),
        migrations.AddField("Book", "b", models.IntegerField(default=1)),
        migrations.AddField("Book", "c", char(default="x"), preserve_default=False),
        migrations.AddField("Book", "d", char(null=True, unique=True)),
        migrations.AddField("Book", "e", models.IntegerField(null=True, db_index=True)),
    ],
    "AddField that refers": [
        *SHOP,
        migrations.AddField("Author", "favourite", to("Book", null=True, related_name="+")),
        migrations.AddField("Author", "mentor", to("self", null=True)),
        migrations.AddField("Book", "editor", to("Author", null=True, to_field="code")),
        migrations.AddField("Author", "liked", many("Tag", related_name="+")),
    ],
    "RemoveField": [
        *SHOP,
        migrations.RemoveField("Book", "isbn"),
        migrations.RemoveField("Tag", "books"),
        migrations.RemoveField("Tag", "parent"),
        migrations.RemoveField("Book", "author"),
        migrations.RemoveField("Author", "code"),
    ],
    "AlterField": [
        *SHOP,
        migrations.AlterField("Book", "title", char(null=True)),
        migrations.AlterField("Book", "title", char(default="x"), preserve_default=False),
        migrations.AlterField("Book", "title", models.TextField()),
        migrations.AlterField("Book", "isbn", char(unique=True, null=True)),
        migrations.AlterField("Book", "author", models.OneToOneField("shop.Author", **CASCADE)),
        migrations.AlterField("Book", "isbn", char(db_column="number", null=True)),
        migrations.AlterField("Tag", "books", many("Book", related_name="tags", blank=True)),
    ],
    "AlterField to a relation and back": [
        *SHOP,
        migrations.AddField("Book", "seller", models.BigIntegerField(null=True)),
        migrations.AlterField("Book", "seller", to("Author", null=True, related_name="sold")),
        migrations.AlterField("Book", "seller", to("Tag", null=True, related_name="sold")),
        migrations.AlterField("Book", "seller", models.BigIntegerField(null=True)),
    ],
    "AlterField of a key that others refer to": [
        create("Author", ("name", char())),
        create("Book", ("author", to("Author"))),
        create("Note", ("author", to("Author", null=True)), ("books", many("Book"))),
        create("Letter", ("note", to("Note"))),
        migrations.AlterField("Author", "id", models.AutoField(primary_key=True)),
        migrations.AlterField("Note", "id", models.AutoField(primary_key=True)),
    ],
    "AlterField of a unique field that others refer to": [
        *SHOP,
        create("Letter", ("author", to("Author", to_field="code"))),
        migrations.AlterField("Author", "code", models.CharField(max_length=40, unique=True)),
    ],
    "AlterField of a key that is inherited": [
        create("Author", ("name", char())),
        migrations.CreateModel("Poet", [("verses", char())], bases=("shop.author",)),
        migrations.CreateModel("Bard", [("songs", char())], bases=("shop.poet",)),
        migrations.AlterField("Author", "id", models.AutoField(primary_key=True)),
    ],
    "RenameField": [
        *SHOP,
        migrations.AlterUniqueTogether("Book", {("title", "author")}),
        migrations.RenameField("Book", "title", "name"),
        migrations.RenameField("Book", "author", "writer"),
        migrations.RenameField("Tag", "books", "volumes"),
        migrations.RenameField("Tag", "parent", "above"),
        migrations.AlterField("Book", "name", char(null=True)),
    ],
    "RenameField that others refer to": [
        *SHOP,
        create("Letter", ("author", to("Author", to_field="code"))),
        migrations.RenameField("Author", "code", "number"),
        migrations.AlterField("Letter", "author", to("Author", null=True, to_field="number")),
        migrations.RenameField("Author", "id", "key"),
    ],
    "through": [
        AUTHOR,
        create("Book", ("title", char())),
        create("Wrote", ("book", to("Book")), ("author", to("Author"))),
        migrations.AddField("Book", "authors", many("Author", through="shop.Wrote")),
        migrations.AddField("Wrote", "share", models.IntegerField(default=1)),
        migrations.RenameModel("Wrote", "Part"),
        migrations.RemoveField("Book", "authors"),
        migrations.DeleteModel("Part"),
    ],
    "proxies and unmanaged models": [
        *SHOP,
        migrations.CreateModel("Poet", [], bases=("shop.author",), options={"proxy": True}),
        create("Poem", ("poet", to("Poet"))),
        create("View", ("poet", to("Poet")), options={"managed": False}),
        migrations.AddField("Author", "born", models.DateField(null=True)),
        migrations.AlterField("Poem", "poet", to("Poet", null=True)),
        migrations.DeleteModel("Poet"),
    ],
    "inheritance": [
        *SHOP,
        migrations.CreateModel("Poet", [("verses", char())], bases=("shop.author",)),
        migrations.AddField("Author", "born", models.DateField(null=True)),
        migrations.AddField("Poet", "friend", to("Poet", null=True)),
        migrations.AlterField("Author", "name", char(default="x")),
        migrations.RenameModel("Poet", "Bard"),
        migrations.RenameField("Bard", "verses", "lines"),
    ],
    "SeparateDatabaseAndState": [
        *SHOP,
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AddField("Book", "a", models.IntegerField(null=True)),
                migrations.RenameField("Book", "a", "b"),
                migrations.AlterField("Book", "b", char(null=True)),
            ],
            state_operations=[migrations.AddField("Book", "b", char(null=True))],
        ),
        migrations.AlterField("Book", "b", models.TextField(default="")),
    ],
    "RunSQL": [
        *SHOP,
        migrations.RunSQL(
            "ALTER TABLE shop_book ADD a integer NULL",
            state_operations=[migrations.AddField("Book", "a", models.IntegerField(null=True))],
        ),
        migrations.AlterField("Book", "a", models.IntegerField(default=0)),
    ],
    "RunPython that writes": [
        *SHOP,
        migrations.RunPython(insert),
        migrations.AddField("Book", "a", models.IntegerField(default=3)),
    ],
    "RunPython that looks at all": [
        *SHOP,
        migrations.AlterModelOptions("Book", {"ordering": ["title"]}),
        migrations.RunPython(look_at_all),
        migrations.AddField("Book", "a", models.IntegerField(null=True)),
        migrations.RunPython(look_at_all),
    ],
    "an operation that isn't Django's": [
        *SHOP,
        OwnOperation("Book", "a", models.IntegerField(null=True)),
        migrations.AlterField("Book", "a", models.TextField(null=True)),
    ],
}

MANY_WAYS = {"RenameModel", "RenameModel to and fro", "AlterField of a key that others refer to"}
"""Where Django goes through what refers to a model in no certain order."""


def history(operations: Sequence[Any], size: int = 4) -> list[Any]:
    """Return migrations with some operations each, copied: RenameField changes what it is given."""
    found = []
    for number in range(0, len(operations), size):
        migration: Any = migrations.Migration(f"{number:04}_step", APP)
        migration.operations = deepcopy(list(operations[number : number + size]))
        found.append(migration)
    return found


def run(connection: Any, kind: Any, steps: Sequence[Any]) -> tuple[list[Any], Any, Any]:
    """Return the statements, what the database was then, and the last state; leave it empty."""
    statements = []

    def note(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        statements.append((str(sql), str(params)))
        return execute(sql, params, many, context)

    executor = kind(connection)
    executor.record_migration = lambda *_: None  # it would note the time
    state = ProjectState()
    assert state.apps
    with connection.execute_wrapper(note):
        try:
            for migration in steps:
                state = executor.apply_migration(state, migration)
        except DatabaseError as error:  # MariaDB refuses what Django makes of an inherited key
            statements.append(("failed", str(error)))
    found = fingerprint(connection)
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cascade = " CASCADE" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}{cascade}")
    return statements, found, state


@pytest.mark.filterwarnings("ignore:'index_together' is deprecated")
@pytest.mark.parametrize("database_url", ENGINES, indirect=True)
@pytest.mark.parametrize("case", CASES)
def test_it_is_as_with_django(target: Any, case: str) -> None:
    expected, before, plain = run(target, MigrationExecutor, history(CASES[case]))
    statements, after, state = run(target, Executor, history(CASES[case]))
    order = sorted if case in MANY_WAYS else list
    assert order(statements) == order(expected)
    assert len(expected) > 2
    assert after == before
    assert state.models == plain.models


def state_of(*operations: Any) -> StateAskedFor:
    """The state after some operations."""
    state = StateAskedFor({}, set(), [])
    for operation in deepcopy(operations):
        operation.state_forwards(APP, state)
    return state


def made(state: StateAskedFor) -> set[str]:
    """The models of a state that are made so far."""
    return {name for models in state.apps.all_models.values() for name in models}


LETTER = create("Letter", ("book", to("Book")))
ALL = {"author", "book", "tag", "tag_books", "letter", "note"}


class TestWhatIsMade:
    def test_nothing_at_first(self) -> None:
        assert made(state_of(*SHOP)) == set()

    def test_a_model_with_all_that_it_refers_to(self) -> None:
        state = state_of(*SHOP, LETTER)
        assert state.apps.get_model(APP, "letter")._meta.db_table == "shop_letter"
        assert made(state) == {"letter", "book", "author"}

    def test_a_model_with_its_base(self) -> None:
        poet = migrations.CreateModel("Poet", [], bases=("shop.author",))
        state = state_of(*SHOP, poet)
        assert state.apps.get_model("shop.Poet")._meta.pk.name == "author_ptr"
        assert made(state) == {"poet", "author"}

    @pytest.mark.parametrize(
        "ask",
        [
            lambda apps: apps.get_models(),
            lambda apps: apps.get_app_configs(),
            lambda apps: apps.get_app_config(APP),
            lambda apps: apps.is_installed(APP),
            lambda apps: apps.get_containing_app_config(APP),
            lambda apps: apps.get_model(APP, "author")._meta.related_objects,
            lambda apps: apps.get_model(APP, "author")._meta.get_field("books"),
        ],
    )
    def test_all_where_anything_else_is_asked(self, ask: Any) -> None:
        state = state_of(*SHOP)
        assert ask(state.apps)
        assert made(state) == {"author", "book", "tag", "tag_books"}

    def test_all_in_the_order_that_django_has(self) -> None:
        """Code that goes through all models finds them in that order, and apps without any."""
        bard = migrations.CreateModel("Bard", [], bases=("shop.poet",))
        poet = migrations.CreateModel("Poet", [], bases=("shop.author",))
        state = StateAskedFor({}, {"sites", "auth"}, [])
        plain = ProjectState(real_apps=set())
        for operation in (LETTER, bard, *SHOP, poet):
            for one in (state, plain):
                deepcopy(operation).state_forwards(APP, one)
        state.clear_delayed_apps_cache()
        models, expected = (one.apps.get_models() for one in (state, plain))
        assert [model.__name__ for model in models] == [model.__name__ for model in expected]
        assert [app.label for app in state.apps.get_app_configs()] == ["auth", APP, "sites"]

    def test_nothing_for_a_model_that_is_not_there(self) -> None:
        with pytest.raises(LookupError, match=r"App 'shop' doesn't have a 'Nothing' model"):
            state_of(*SHOP).apps.get_model(APP, "Nothing")

    def test_a_copy_shares_what_is_made_until_one_is_changed(self) -> None:
        state = state_of(*SHOP)
        copy = state.clone()
        author = state.apps.get_model(APP, "author")
        assert copy.apps.get_model(APP, "author") is author
        migrations.AddField("Author", "born", models.DateField(null=True)).state_forwards(
            APP, state
        )
        assert state.apps.get_model(APP, "author")._meta.get_field("born")
        assert copy.apps.get_model(APP, "author") is author

    def test_what_a_copy_had_stays_when_a_field_is_renamed(self) -> None:
        state = state_of(*SHOP, create("Note", ("author", to("Author", to_field="code"))))
        copy = state.clone()
        migrations.RenameField("Author", "code", "number").state_forwards(APP, state)
        old, new = (one.apps.get_model(APP, "note") for one in (copy, state))
        assert old._meta.get_field("author").target_field.name == "code"
        assert new._meta.get_field("author").target_field.name == "number"


class TestHandingOn:
    """A class is taken over by the next state where it would be made as it is."""

    NOTE = create("Note", ("text", char()))

    def after(self, operation: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the models before an operation and after it."""
        state = StateAskedFor({}, set(), [], onward=True)
        found = []
        for part in ([*SHOP, LETTER, self.NOTE], [operation]):
            for one in deepcopy(part):
                one.state_forwards(APP, state)
            state.apps.make_all()
            found.append(dict(state.apps.all_models[APP]))
        before, after = found
        assert all(model._meta.apps is state.apps for model in after.values())
        return before, after

    @pytest.mark.parametrize(
        ("operation", "stay"),
        [
            (migrations.AddField("Letter", "on", models.DateField(null=True)), ALL - {"letter"}),
            (migrations.AlterModelOptions("Book", {"ordering": ["title"]}), {"author", "note"}),
            (migrations.AddIndex("Book", INDEX), {"author", "note"}),
            (migrations.AddField("Author", "born", models.DateField(null=True)), {"note"}),
            (migrations.RenameField("Author", "code", "number"), {"note"}),
            (migrations.RenameModel("Letter", "Mail"), ALL - {"letter"}),
            (migrations.DeleteModel("Letter"), ALL - {"letter"}),
            (create("Shelf", ("book", to("Book"))), ALL),
        ],
    )
    def test_those_that_lead_to_nothing_changed(self, operation: Any, stay: set[str]) -> None:
        before, after = self.after(operation)
        assert {name for name in before if after.get(name) is before[name]} == stay

    def test_it_answers_for_the_newest_state(self) -> None:
        before, after = self.after(create("Shelf", ("book", to("Book"))))
        assert after["book"] is before["book"]
        relations = {one.name for one in after["book"]._meta.related_objects}
        assert relations == {"letter", "tag", "shelf"}

    def test_nothing_to_code_which_gets_all_models_anew(self) -> None:
        state = StateAskedFor({}, set(), [], onward=True)
        for operation in deepcopy(SHOP):
            operation.state_forwards(APP, state)
        author = state.apps.get_model(APP, "author")
        state.clear_delayed_apps_cache()
        assert state.apps.get_model(APP, "author") is not author

    def test_nothing_where_a_reference_leads_nowhere(self) -> None:
        state = StateAskedFor({}, set(), [], onward=True)
        for operation in deepcopy([self.NOTE, create("Letter", ("book", to("Book")))]):
            operation.state_forwards(APP, state)
        note = state.apps.get_model(APP, "note")
        state.apps.get_model(APP, "letter")
        deepcopy(AUTHOR).state_forwards(APP, state)
        assert state.apps.get_model(APP, "note") is not note


def test_models_of_the_state_before_a_plan_stay_as_they_were(connection: Any) -> None:
    """What a release that is still running would do is tried with them, after each migration."""
    executor = Executor(connection)
    executor.record_migration = lambda *_: None
    steps = [
        (step, False) for step in history([*SHOP, LETTER, create("Shelf", ("book", to("Book")))])
    ]
    how = {"fake": False, "fake_initial": False}
    state = executor._migrate_all_forwards(state_of(), steps[:1], steps, **how)
    book = state.apps.get_model(APP, "book")
    after = executor._migrate_all_forwards(state, steps[1:], steps, **how)
    assert book._meta.apps is state.apps
    assert {one.name for one in book._meta.related_objects} == {"letter", "tag"}
    assert {one.name for one in after.apps.get_model(APP, "book")._meta.related_objects} == {
        "letter",
        "tag",
        "shelf",
    }


@pytest.mark.parametrize(
    "field",
    [
        char(choices=[("a", "A")], db_index=True, default="a"),
        models.DecimalField("price", max_digits=5, decimal_places=2, validators=[print]),
        models.JSONField(default=dict, encoder=None),
        models.FileField(upload_to="files", db_column="file_name"),
        models.DateTimeField(auto_now=True, help_text="when"),
        to("Author", related_name="+", db_constraint=False),
        to("self", null=True),
        models.OneToOneField("shop.Author", parent_link=True, auto_created=True, **CASCADE),
        many("Book", through="shop.Loan", through_fields=("tag", "book")),
        models.ManyToManyField("self", symmetrical=False),
        models.GenericIPAddressField(unpack_ipv4=True, protocol="both"),
    ],
    ids=lambda field: type(field).__name__,
)
def test_a_copy_of_a_field_is_what_a_clone_is(field: Any) -> None:
    field.name = "before_it_was_renamed"
    if field.remote_field:
        assert field.related_model  # Django remembers it
    clone, cloned = field.clone(), Cloned(field)
    first, second = cloned.clone(), cloned.clone()
    for copied in (first, second):
        assert plain(copied) == plain(clone)
        assert copied.remote_field is None or copied.remote_field.field is copied
    assert abs(second.creation_counter) == abs(first.creation_counter) + 1


def plain(field: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a field and its relation are, but for their place in the order."""
    relation = dict(vars(field.remote_field)) if field.remote_field else {}
    relation.pop("field", None)
    without = {"remote_field", "creation_counter"}
    return {name: value for name, value in vars(field).items() if name not in without}, relation


def test_a_field_that_may_hold_another_is_cloned() -> None:
    own = type("Own", (models.CharField,), {"clone": lambda _: "a clone"})
    assert Cloned(own()).clone() == "a clone"


@pytest.mark.parametrize("kind", [MigrationExecutor, Executor])
def test_what_leads_nowhere_before_a_plan_is_an_error_as_with_django(
    connection: Any, kind: Any
) -> None:
    executor = kind(connection)
    state = StateAskedFor({}, set(), []) if kind is Executor else ProjectState()
    deepcopy(BOOK).state_forwards(APP, state)
    plan = [(step, False) for step in history([TAG])]
    with pytest.raises(ValueError, match=r"shop\.Book\.author .* lazy reference"):
        executor._migrate_all_forwards(state, plan, plan, fake=False, fake_initial=False)


@pytest.mark.skipif(not hasattr(models, "CompositePrimaryKey"), reason="from Django 5.2 on")
@pytest.mark.parametrize("kind", [MigrationExecutor, Executor])
def test_a_composite_key_whose_part_gets_another_name(connection: Any, kind: Any) -> None:
    line = migrations.CreateModel(
        "Line",
        [
            ("pk", models.CompositePrimaryKey("author", "number")),
            ("author", to("Author")),
            ("number", models.IntegerField()),
        ],
    )
    born = migrations.AddField("Author", "born", models.DateField(null=True))
    steps = history([AUTHOR, line, born, migrations.RenameField("Line", "author", "writer")])
    with pytest.raises(FieldDoesNotExist, match="has no field named 'author'"):
        run(connection, kind, steps)


def test_the_label_of_an_app_may_have_capitals() -> None:
    state = StateAskedFor({}, set(), [])
    create("Place").state_forwards("Upper", state)
    migrations.CreateModel("Shop", [], bases=("Upper.place",)).state_forwards("Upper", state)
    migration: Any = migrations.Migration("0002_step", "Upper")
    migration.operations = [
        migrations.AlterField("Place", "id", models.AutoField(primary_key=True))
    ]
    assert leaves_models_behind(state, migration)


def test_what_contenttypes_adds_to_a_new_name_is_known() -> None:
    from django.contrib.contenttypes.management import RenameContentType

    assert is_known(RenameContentType(APP, "author", "writer"))


class TestAsDjangoHasIt:
    """Where something isn't Django's own, a migration runs on a state of Django's."""

    class OwnMigration(migrations.Migration):
        def apply(self, *args: Any, **more: Any) -> Any:
            return super().apply(*args, **more)

    def kinds(self, connection: Any, *steps: Any) -> list[type]:
        executor = Executor(connection)
        executor.record_migration = lambda *_: None
        state = ProjectState()
        assert state.apps
        found = []
        for migration in steps:
            state = executor.apply_migration(state, migration)
            found.append(type(state))
        return found

    def migration(self, *operations: Any, kind: Any = migrations.Migration) -> Any:
        migration = kind("0001_step", APP)
        migration.operations = list(operations)
        return migration

    def test_not_where_all_is_known(self, connection: Any) -> None:
        noop = migrations.RunPython(migrations.RunPython.noop)
        later = migrations.AddField("Author", "born", models.DateField(null=True))
        steps = [self.migration(AUTHOR), self.migration(later), self.migration(noop)]
        assert self.kinds(connection, *steps) == [StateAskedFor, StateAskedFor, StateAskedFor]

    def test_from_code_on_until_something_is_put_off(self, connection: Any) -> None:
        """Django gives code of one migration the classes that code before it has had."""
        seen = []
        look = migrations.RunPython(lambda apps, _: seen.append(apps.get_model(APP, "author")))
        later = migrations.AddField("Author", "born", models.DateField(null=True))
        steps = [[AUTHOR], [look], [look], [later], [look]]
        kinds = self.kinds(connection, *(self.migration(*step) for step in steps))
        assert kinds == [StateAskedFor, ProjectState, ProjectState, ProjectState, StateAskedFor]
        first, second, last = seen
        assert first is second
        assert last is not second

    @pytest.mark.parametrize(
        "wrapped",
        [
            lambda operation: operation,
            lambda operation: migrations.SeparateDatabaseAndState([operation]),
            lambda operation: migrations.SeparateDatabaseAndState([], [operation]),
            lambda operation: migrations.RunSQL("SELECT 1", state_operations=[operation]),
        ],
    )
    def test_for_an_operation(self, connection: Any, wrapped: Any) -> None:
        own = wrapped(OwnOperation("Author", "a", models.IntegerField(null=True)))
        steps = [self.migration(AUTHOR), self.migration(own), self.migration(BOOK)]
        assert self.kinds(connection, *steps) == [StateAskedFor, ProjectState, StateAskedFor]

    @pytest.mark.parametrize(
        ("reason", "children", "field", "kinds"),
        [
            (
                "a key that is inherited",
                [migrations.CreateModel("Poet", [], bases=("shop.Author",))],
                ("id", models.AutoField(primary_key=True)),
                [StateAskedFor, ProjectState, ProjectState],
            ),
            (
                "no other model has it",
                [],
                ("id", models.AutoField(primary_key=True)),
                [StateAskedFor] * 3,
            ),
            (
                "no key",
                [migrations.CreateModel("Poet", [], bases=("shop.Author",))],
                ("name", char(null=True)),
                [StateAskedFor] * 3,
            ),
        ],
    )
    def test_from_a_key_on_that_is_inherited(
        self, connection: Any, reason: str, children: list[Any], field: Any, kinds: list[type]
    ) -> None:
        steps = [
            self.migration(AUTHOR, *children),
            self.migration(migrations.AlterField("Author", *field)),
            self.migration(BOOK),
        ]
        assert self.kinds(connection, *steps) == kinds, reason

    def test_for_a_migration(self, connection: Any) -> None:
        own = self.migration(AUTHOR, kind=self.OwnMigration)
        assert self.kinds(connection, own) == [ProjectState]

    def test_for_a_schema_editor(self, connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        class Editor(connection.SchemaEditorClass):  # type: ignore[misc]
            pass

        monkeypatch.setattr(connection, "SchemaEditorClass", Editor)
        assert self.kinds(connection, self.migration(AUTHOR)) == [ProjectState]

    @pytest.mark.parametrize("version", [(4, 1, 9), (6, 2, 0)])
    def test_for_a_django(
        self, connection: Any, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
    ) -> None:
        monkeypatch.setattr("django.VERSION", version)
        assert self.kinds(connection, self.migration(AUTHOR)) == [ProjectState]


@pytest.mark.parametrize("kind", [MigrationExecutor, Executor])
def test_what_is_not_there_is_an_error_for_code_as_with_django(connection: Any, kind: Any) -> None:
    steps = history(
        [
            migrations.SeparateDatabaseAndState([], [BOOK]),
            migrations.AlterModelOptions("Book", {"ordering": ["title"]}),
            migrations.RunPython(insert),
        ]
    )
    with pytest.raises(ValueError, match=r"was declared with a lazy reference to 'shop.author'"):
        run(connection, kind, steps)


def test_a_failure_leaves_what_django_leaves(connection: Any) -> None:
    """The migration that fails is rolled back, those before it are recorded."""
    wrong = migrations.RunSQL("SELECT nothing FROM nowhere")
    first, second = history([AUTHOR, BOOK, TAG, LETTER, migrations.DeleteModel("Letter"), wrong])
    executor = Executor(connection)
    executor.recorder.ensure_schema()
    state = executor.apply_migration(ProjectState(), first)
    with pytest.raises(OperationalError):
        executor.apply_migration(state, second)
    found = fingerprint(connection)
    assert "shop_letter" in found["schema"]
    assert found["history"] == [[APP, first.name]]
