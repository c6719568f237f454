"""Models and fields after each operation, three-valued."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.history.conftest import migration
from workflow.history.fields import Field
from workflow.history.model import History, MigrationKey
from workflow.history.state import Model, State, replay, state_after
from workflow.history.values import UNKNOWN

Read = Callable[..., History]
PRODUCT = (
    'migrations.CreateModel("Product", [("id", models.AutoField(primary_key=True)),'
    ' ("name", models.CharField(max_length=5))], options={"db_table": "p", "ordering": ["name"]})'
)


@pytest.fixture
def state(read: Read) -> Callable[..., State]:
    """Run operations after ``Product`` was created; return the state at the end."""

    def run(*operations: str, head: str = "", first: str = PRODUCT) -> State:
        history = read(
            {
                "shop/migrations/0001_initial.py": migration(operations=first),
                "shop/migrations/0002_next.py": migration(
                    "shop.0001_initial", operations=", ".join(operations), head=head
                ),
            }
        )
        return state_after(history, history.full)

    return run


Run = Callable[..., State]


def product(state: State, name: str = "product") -> Model:
    found = state.model("shop", name)
    assert isinstance(found, Model), found
    return found


def test_models_are_found_whatever_their_case(state: Run) -> None:
    end = state()
    assert product(end, "PRODUCT").name == "Product"
    assert list(product(end).fields) == ["id", "name"]
    assert end.model("shop", "other") is None
    assert end.model("elsewhere", "other") is UNKNOWN
    assert product(end).origin.migration == MigrationKey("shop", "0001_initial")


CHANGES = {
    "AddField": ('migrations.AddField("Product", "x", models.IntegerField())', "id name x"),
    "RemoveField": ('migrations.RemoveField("product", "name")', "id"),
    "RenameField": ('migrations.RenameField("product", "name", "title")', "id title"),
    "AlterField": ('migrations.AlterField("product", "name", models.TextField())', "id name"),
    "nested": (
        'migrations.SeparateDatabaseAndState([], [migrations.RemoveField("product", "name")])',
        "id",
    ),
    "by RunSQL": (
        'migrations.RunSQL("x", state_operations=[migrations.RemoveField("product", "name")])',
        "id",
    ),
    "nothing by RunPython": ("migrations.RunPython(f)", "id name"),
    "nothing by RunSQL": ('migrations.RunSQL("x")', "id name"),
}


@pytest.mark.parametrize(("operation", "fields"), CHANGES.values(), ids=CHANGES.keys())
def test_fields_after(operation: str, fields: str, state: Run) -> None:
    model = product(state(operation))
    assert list(model.fields) == fields.split()
    assert model.closed
    assert not model.unsure


def test_origins_follow_changes(state: Run) -> None:
    model = product(state('migrations.AlterField("product", "name", models.TextField())'))
    assert model.origins["name"].migration.name == "0002_next"
    assert model.origins["id"].migration.name == "0001_initial"
    assert model.fields["name"].kind == "TextField"


def test_a_default_that_is_not_preserved_is_gone(state: Run) -> None:
    add = 'migrations.AddField("product", "x", models.IntegerField(default=1){})'
    kept, gone = state(add.format("")), state(add.format(", preserve_default=False"))
    assert product(kept).fields["x"].has_default is True
    assert product(gone).fields["x"].has_default is False


def test_deleted_models_are_gone(state: Run) -> None:
    assert state('migrations.DeleteModel("Product")').model("shop", "product") is None


LINE = (
    PRODUCT + ', migrations.CreateModel("Line", [("product", models.ForeignKey("shop.Product",'
    ' models.CASCADE, to_field="name")), ("tags", models.ManyToManyField("Product",'
    ' through="shop.Line"))])'
)


def test_references_follow_a_renamed_model(state: Run) -> None:
    end = state('migrations.RenameModel("Product", "Item")', first=LINE)
    assert end.model("shop", "product") is None
    assert product(end, "item").name == "Item"
    line = product(end, "line")
    assert line.fields["product"].related_to("shop", "line") == ("shop", "item")
    assert line.fields["tags"].related_to("shop", "line") == ("shop", "item")
    assert line.fields["tags"].argument("through") == "shop.Line"


def test_a_model_renamed_only_in_case_stays(state: Run) -> None:
    assert product(state('migrations.RenameModel("Product", "PRODUCT")')).name == "PRODUCT"


def test_references_follow_a_renamed_field(state: Run) -> None:
    end = state('migrations.RenameField("product", "name", "title")', first=LINE)
    assert product(end, "line").fields["product"].argument("to_field") == "title"


def test_together_follows_a_renamed_field(state: Run) -> None:
    end = state(
        'migrations.AlterUniqueTogether("product", {("id", "name")})',
        'migrations.RenameField("product", "name", "title")',
    )
    assert product(end).options["unique_together"] == (("id", "title"),)


def test_options_are_set_and_unset(state: Run) -> None:
    model = product(state('migrations.AlterModelOptions("product", {"verbose_name": "x"})'))
    assert model.options == {"db_table": "p", "verbose_name": "x"}
    model = product(state('migrations.AlterModelTable("product", "q")'))
    assert model.options["db_table"] == "q"


INDEX = 'migrations.AddIndex("product", models.Index(fields=["name"], name="i"))'
PARTS = {
    "added": ([INDEX], ["i"]),
    "added and removed": ([INDEX, 'migrations.RemoveIndex("product", "i")'], []),
    "renamed": ([INDEX, 'migrations.RenameIndex("product", "j", "i")'], ["j"]),
    "made of index_together": (
        ['migrations.RenameIndex("product", "j", old_fields=("id", "name"))'],
        ["j"],
    ),
}


@pytest.mark.parametrize(("operations", "names"), PARTS.values(), ids=PARTS.keys())
def test_indexes(operations: list[str], names: list[str], state: Run) -> None:
    assert list(product(state(*operations)).indexes) == names


def test_constraints(state: Run) -> None:
    add = 'migrations.AddConstraint("product", models.UniqueConstraint(fields=["x"], name="c"))'
    alter = 'migrations.AlterConstraint("product", "c", models.CheckConstraint(name="c"))'
    model = product(state(add, alter))
    assert [call and call.name for call in model.constraints.values()] == ["CheckConstraint"]
    assert not product(state(add, 'migrations.RemoveConstraint("product", "c")')).constraints


def test_indexes_and_constraints_in_options(state: Run) -> None:
    model = product(
        state(
            'migrations.CreateModel("A", [], options={"indexes": [models.Index(name="i")],'
            ' "constraints": [models.CheckConstraint(name="c")]})'
        ),
        "a",
    )
    assert (list(model.indexes), list(model.constraints)) == (["i"], ["c"])
    assert not model.options


def test_bases_proxies_and_swaps(state: Run) -> None:
    bases = '("shop.Product", models.Model, Mixin)'
    model = product(
        state(
            f'migrations.CreateModel("A", [], {{"proxy": True, "swappable": "A_MODEL"}}, {bases})',
            head="from x import Mixin",
        ),
        "a",
    )
    assert model.bases == ("shop.product", "django.db.models.Model", "x.Mixin")
    assert (model.proxy, model.swappable) == (True, "A_MODEL")


STRETCH = "*unknown()"
FOREIGN = "Foreign()"


@pytest.mark.parametrize("operation", [STRETCH, FOREIGN])
def test_an_unknown_operation_blurs_its_app(operation: str, state: Run) -> None:
    head = "from x import Foreign, unknown"
    end = state(operation, head=head)
    assert end.model("shop", "product") is UNKNOWN
    assert end.model("shop", "other") is UNKNOWN
    assert not list(end.models("shop"))


def test_what_comes_after_an_unknown_operation_is_certain(state: Run) -> None:
    end = state(FOREIGN, PRODUCT.replace("Product", "New"), head="from x import Foreign")
    assert product(end, "new").closed
    assert end.model("shop", "product") is UNKNOWN


def test_an_unknown_operation_leaves_other_apps_alone(read: Read) -> None:
    history = read(
        {
            "shop/migrations/0001_initial.py": migration(operations=PRODUCT),
            "other/migrations/0001_initial.py": migration(
                "shop.0001_initial", operations="Foreign()", head="from x import Foreign"
            ),
        }
    )
    assert isinstance(state_after(history, history.full).model("shop", "product"), Model)


MAYBE = {
    "AddField": ('migrations.AddField("product", "x", models.TextField())', "x"),
    "RemoveField": ('migrations.RemoveField("product", "name")', "name"),
    "AlterField": ('migrations.AlterField("product", "name", models.TextField())', "name"),
    "RenameField": ('migrations.RenameField("product", "name", "x")', "name"),
}


@pytest.mark.parametrize(("operation", "field"), MAYBE.values(), ids=MAYBE.keys())
def test_an_operation_that_may_not_be_there_makes_unsure(
    operation: str, field: str, state: Run
) -> None:
    model = product(state(f"*([{operation}] if settings.X else [])"))
    assert model.field(field) is UNKNOWN
    assert isinstance(model.field("id"), Field)


@pytest.mark.parametrize(
    "operation",
    ['migrations.DeleteModel("Product")', 'migrations.RenameModel("Product", "Item")'],
)
def test_a_model_that_may_be_gone_is_unknown(operation: str, state: Run) -> None:
    end = state(f"*([{operation}] if settings.X else [])")
    assert end.model("shop", "product") is UNKNOWN


def test_a_model_that_may_be_there_is_unknown(state: Run) -> None:
    end = state('*([migrations.CreateModel("A", [])] if settings.X else [])')
    assert end.model("shop", "a") is UNKNOWN


UNKNOWN_NAMES = {
    "AddField": ('migrations.AddField("product", settings.X, models.TextField())', "name", True),
    "RemoveField": ('migrations.RemoveField("product", settings.X)', "name", False),
    "a model's": ("migrations.DeleteModel(settings.X)", "name", False),
}


@pytest.mark.parametrize(
    ("operation", "field", "known"), UNKNOWN_NAMES.values(), ids=UNKNOWN_NAMES.keys()
)
def test_an_unknown_name_silences_what_it_could_mean(
    operation: str, field: str, known: bool, state: Run
) -> None:
    end = state(operation)
    model = end.model("shop", "product")
    found = model.field(field) if isinstance(model, Model) else model
    assert isinstance(found, Field) is known
    assert (model.field("other") if isinstance(model, Model) else model) is UNKNOWN


def test_fields_that_are_not_known_leave_the_model_open(state: Run) -> None:
    end = state('migrations.CreateModel("A", [("id", models.AutoField()), *more()])')
    model = product(end, "a")
    assert not model.closed
    assert model.field("x") is UNKNOWN


def test_an_unreadable_migration_blurs_its_app(read: Read) -> None:
    history = read(
        {
            "shop/migrations/0001_initial.py": migration(operations=PRODUCT),
            "shop/migrations/0002_next.py": migration("shop.0001_initial") + "(",
        }
    )
    assert state_after(history, history.full).model("shop", "product") is UNKNOWN


def test_state_after_a_migration_is_that_of_its_ancestors(read: Read) -> None:
    history = read(
        {
            "shop/migrations/0001_initial.py": migration(operations=PRODUCT),
            "shop/migrations/0002_next.py": migration(
                "shop.0001_initial", operations='migrations.DeleteModel("Product")'
            ),
        }
    )
    first = state_after(history, history.full, MigrationKey("shop", "0001_initial"))
    assert isinstance(first.model("shop", "product"), Model)


def test_both_views_of_a_squash(read: Read) -> None:
    files = {
        "shop/migrations/0001_initial.py": migration(operations=PRODUCT),
        "shop/migrations/0002_squashed.py": migration(
            operations=PRODUCT.replace("Product", "Squashed"),
            body="replaces = [('shop', '0001_initial')]",
        ),
    }
    history = read(files)
    assert [model.name for model in state_after(history, history.fresh).models()] == ["Squashed"]
    assert [model.name for model in state_after(history, history.full).models()] == ["Product"]


def test_steps_come_with_the_state_before_them(read: Read) -> None:
    nested = f"migrations.SeparateDatabaseAndState(state_operations=[{PRODUCT}])"
    history = read({"shop/migrations/0001_initial.py": migration(operations=nested)})
    seen = [
        (step.operation.kind, step.parent and step.parent.kind, len(list(step.before.models())))
        for step in replay(history, history.full)
    ]
    assert seen == [
        ("SeparateDatabaseAndState", None, 0),
        ("CreateModel", "SeparateDatabaseAndState", 0),
    ]


def test_a_copy_of_a_state_stays_as_it_is(read: Read) -> None:
    history = read(
        {"shop/migrations/0001_initial.py": migration(operations=PRODUCT + ", " + INDEX)}
    )
    copies = [step.before.copy() for step in replay(history, history.full)]
    assert copies[0].model("shop", "product") is None
    assert not product(copies[1]).indexes


def test_a_class_that_overrides_mutate_state_blurs(read: Read) -> None:
    body = "def mutate_state(self, *a, **k):\n    return super().mutate_state(*a, **k)"
    history = read({"shop/migrations/0001_initial.py": migration(operations=PRODUCT, body=body)})
    assert state_after(history, history.full).model("shop", "product") is UNKNOWN


BASE = "from django.db.migrations.operations.base import Operation\n"
LOCAL = {
    "a subclass that adds nothing": (
        "class Op(migrations.RemoveField):\n    reduces_to_sql = False",
        'Op("product", "name")',
        "id",
    ),
    "a subclass of RunPython": (
        "class Op(migrations.RunPython):\n    def __init__(self):\n        pass",
        "Op()",
        "id name",
    ),
    "an operation that does nothing to the state": (
        f"{BASE}class Op(Operation):\n    def state_forwards(self, *a):\n        pass",
        "Op()",
        "id name",
    ),
    "a subclass of RunSQL with its own arguments": (
        "class Op(migrations.RunSQL):\n    def __init__(self, a):\n        super().__init__(a, a)",
        "Op('x')",
        "id name",
    ),
}


@pytest.mark.parametrize(("head", "operation", "fields"), LOCAL.values(), ids=LOCAL.keys())
def test_classes_of_the_file_are_followed(
    head: str, operation: str, fields: str, state: Run
) -> None:
    assert list(product(state(operation, head=head)).fields) == fields.split()


CLOUDED = {
    "a state of its own": (
        "class Op(migrations.RemoveField):\n    def state_forwards(self, a, s):\n        s.x()"
    ),
    "arguments of its own": (
        "class Op(migrations.RemoveField):\n    def __init__(self, *a):\n        pass"
    ),
    "state operations handed on": (
        "class Op(migrations.RunSQL):\n    def __init__(self, *a, **k):\n"
        "        super().__init__(*a, **k)"
    ),
    "a namesake": "from x import RemoveField as Op",
    "a metaclass": "class Op(migrations.RemoveField, metaclass=X):\n    pass",
    "a decorator": "@x\nclass Op(migrations.RemoveField):\n    pass",
    "an unknown base": "from x import Y\nclass Op(Y):\n    pass",
}


@pytest.mark.parametrize("head", CLOUDED.values(), ids=CLOUDED.keys())
def test_classes_that_may_do_anything_blur(head: str, state: Run) -> None:
    assert state('Op("product", "name")', head=head).model("shop", "product") is UNKNOWN
