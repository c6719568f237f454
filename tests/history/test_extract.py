"""References, flags and operations, however the file writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.history.conftest import HEAD, migration
from workflow.history.model import Migration, Reference
from workflow.history.values import UNKNOWN, Call, Ref

One = Callable[..., Migration]
AFTER = ("shop", "0001_initial")


def references(found: Migration) -> list[tuple[object, object, bool]]:
    return [(item.app, item.name, item.certain) for item in found.dependencies.items]


CERTAIN = {
    "a list": 'dependencies = [("shop", "0001_initial")]',
    "a tuple": 'dependencies = (("shop", "0001_initial"),)',
    "a list inside": 'dependencies = [["shop", "0001_initial"]]',
    "annotated": 'dependencies: list = [("shop", "0001_initial")]',
    "added up": 'dependencies = [] + [("shop", "0001_initial")]',
    "augmented": 'dependencies = []\n    dependencies += [("shop", "0001_initial")]',
    "appended": 'dependencies = []\n    dependencies.append(("shop", "0001_initial"))',
    "extended": 'dependencies = []\n    dependencies.extend([("shop", "0001_initial")])',
    "inserted": 'dependencies = []\n    dependencies.insert(0, ("shop", "0001_initial"))',
    "unpacked": 'first = [("shop", "0001_initial")]\n    dependencies = [*first]',
    "a comprehension": 'dependencies = [("shop", name) for name in ["0001_initial"]]',
    "a filtered one": 'dependencies = [("shop", n) for n in ("0001_initial", "") if n]',
    "zipped": 'dependencies = [pair for pair in zip(["shop"], ["0001_initial"])]',
    "a list of tuples": 'dependencies = list((("shop", "0001_initial"),))',
    "an added name": 'dependencies = [("shop", "0001_" + "initial")]',
    "a formatted name": 'dependencies = [("shop", "%s_initial" % "0001")]',
    "an f-string": 'N = 1\n    dependencies = [("shop", f"000{N}_initial")]',
    "a true condition": 'dependencies = [("shop", "0001_initial")] if True else [("x", "y")]',
    "a settled if": 'if 1 == 1:\n        dependencies = [("shop", "0001_initial")]',
    "a loop": (
        "dependencies = []\n"
        '    for n in ["0001_initial"]:\n        dependencies.append(("shop", n))'
    ),
}


@pytest.mark.parametrize("body", CERTAIN.values(), ids=CERTAIN.keys())
def test_dependencies_are_certain_as(body: str, one: One) -> None:
    found = one(f"{HEAD}class Migration(migrations.Migration):\n    {body}\n")
    assert references(found) == [(*AFTER, True)]
    assert found.dependencies.complete


MODULE = {
    "a constant": ('DEPS = [("shop", "0001_initial")]', "DEPS"),
    "constants added up": ('A = []\nB = [("shop", "0001_initial")]', "A + B"),
    "a list appended to before": ('D = []\nD.append(("shop", "0001_initial"))', "D"),
    "a function": ('def deps():\n    return [("shop", "0001_initial")]', "deps()"),
    "a function with an argument": (
        'def deps(app, name="0001_initial"):\n    r = []\n    r.append((app, name))\n    return r',
        "deps('shop')",
    ),
    "a lookup": ('D = {"a": [("shop", "0001_initial")]}', 'D["a"]'),
    "a try that decides nothing": (
        'try:\n    import x\nexcept ImportError:\n    x = None\nD = [("shop", "0001_initial")]',
        "D",
    ),
}


@pytest.mark.parametrize(("head", "value"), MODULE.values(), ids=MODULE.keys())
def test_dependencies_are_followed_through(head: str, value: str, one: One) -> None:
    text = f"{HEAD}{head}\nclass Migration(migrations.Migration):\n    dependencies = {value}\n"
    assert references(one(text)) == [(*AFTER, True)]
    assert one(text).dependencies.complete


UNKNOWN_REST = {
    "a function that is not here": ("from x import deps", "deps()"),
    "a setting": ("", "settings.DEPS"),
    "a list plus a setting": ("", '[("shop", "0001_initial")] + settings.DEPS'),
    "unpacked from afar": ("from x import deps", '[("shop", "0001_initial"), *deps()]'),
    "a loop over a folder": (
        "import os\nD = []\nfor name in os.listdir('.'):\n    D.append(('shop', name))",
        "D",
    ),
    "a list given to an unknown function": ("from x import f\nD = []\nf(D)", "D"),
    "a name that nobody defines": ("", "deps"),
    "a generator": ("def deps():\n    yield ('shop', '0001_initial')", "list(deps())"),
    "a while loop": ("D = []\nwhile x():\n    D.append(1)", "D"),
    "a starred import": ("D = []\nfrom x import *", "D"),
    "a list that is sorted": ("D = []\nD.sort()", "D"),
    "a decorated function": ("@x\ndef deps():\n    return []", "deps()"),
}


@pytest.mark.parametrize(("head", "value"), UNKNOWN_REST.values(), ids=UNKNOWN_REST.keys())
def test_dependencies_may_be_more_with(head: str, value: str, one: One) -> None:
    text = f"{HEAD}{head}\nclass Migration(migrations.Migration):\n    dependencies = {value}\n"
    assert not one(text).dependencies.complete


CONDITIONAL = {
    "a choice": 'dependencies = ([("a", "b")] if settings.X else []) + [("shop", "0001_initial")]',
    "an if": (
        'dependencies = [("shop", "0001_initial")]\n'
        '    if settings.X:\n        dependencies.append(("a", "b"))'
    ),
    "an if and an else": (
        'if settings.X:\n        dependencies = [("shop", "0001_initial")]\n'
        '    else:\n        dependencies = [("shop", "0001_initial"), ("a", "b")]'
    ),
    "an element": (
        'dependencies = [("shop", "0001_initial"), *([("a", "b")] if settings.X else [])]'
    ),
}


@pytest.mark.parametrize("body", CONDITIONAL.values(), ids=CONDITIONAL.keys())
def test_a_dependency_is_not_certain_under(body: str, one: One) -> None:
    found = one(f"{HEAD}class Migration(migrations.Migration):\n    {body}\n")
    assert set(references(found)) == {(*AFTER, True), ("a", "b", False)}
    assert found.dependencies.complete


def test_after_the_class_a_list_may_still_change(one: One) -> None:
    text = migration() + 'Migration.dependencies.append(("shop", "0001_initial"))\n'
    assert references(one(text)) == [(*AFTER, True)]
    text = migration() + 'if settings.X:\n    Migration.dependencies.append(("a", "b"))\n'
    assert references(one(text)) == [("a", "b", False)]
    text = migration() + "register(Migration)\n"
    assert not one(text).dependencies.complete


def test_two_classes_under_a_condition_are_joined(one: One) -> None:
    text = (
        HEAD + "if settings.X:\n    class Migration(migrations.Migration):\n"
        '        dependencies = [("shop", "0001_initial")]\n'
        "else:\n    class Migration(migrations.Migration):\n"
        '        dependencies = [("shop", "0001_initial"), ("a", "b")]\n'
    )
    assert set(references(one(text))) == {(*AFTER, True), ("a", "b", False)}


@pytest.mark.parametrize(
    "method",
    [
        "def __init__(self):\n        self.dependencies = []",
        "def __init__(self):\n        self.dependencies.append(1)",
        "def __init__(self, *a):\n        setattr(self, 'dependencies', [])",
        "def __init__(self, *a):\n        self.dependencies[0] = 1",
    ],
)
def test_what_methods_change_is_not_complete(method: str, one: One) -> None:
    found = one(migration("shop.0001_initial", body=method))
    assert references(found) == [(*AFTER, True)]
    assert not found.dependencies.complete
    assert found.run_before.complete


def test_methods_that_only_read_change_nothing(one: One) -> None:
    body = "def apply(self, *a):\n    print(self.dependencies)\n    return super().apply(*a)"
    found = one(migration("shop.0001_initial", body=body))
    assert found.dependencies.complete
    assert found.header.alters_state is False


def test_a_property_is_not_known(one: One) -> None:
    body = "@property\ndef dependencies(self):\n    return []"
    found = one(
        f"{HEAD}class Migration(migrations.Migration):\n    " + body.replace("\n", "\n    ")
    )
    assert not found.dependencies.complete


def test_swappable_dependencies_name_their_setting(one: One) -> None:
    body = """
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency("auth.User"),
        migrations.migration.SwappableTuple(("x", "__first__"), "X_MODEL"),
    ]
    """
    found = one(f"{HEAD}class Migration(migrations.Migration):{body}")
    assert found.dependencies.items == (
        Reference(UNKNOWN, "__first__", 5, setting="AUTH_USER_MODEL"),
        Reference("auth", "__first__", 6),
        Reference("x", "__first__", 7, setting="X_MODEL"),
    )


def test_a_choice_among_arguments_keeps_its_position(one: One) -> None:
    value = "migrations.AddField('a' if settings.X else 'b', 'name', models.TextField())"
    (operation,) = one(migration(operations=value)).operations
    assert operation.args["model_name"] is UNKNOWN
    assert operation.args["name"] == "name"


def test_a_choice_inside_a_pair_is_unknown(one: One) -> None:
    body = "dependencies = [('shop', 'a' if settings.X else 'b')]"
    found = one(f"{HEAD}class Migration(migrations.Migration):\n    {body}\n")
    assert references(found) == [("shop", UNKNOWN, True)]


def test_computed_parts_of_a_dependency_are_unknown(one: One) -> None:
    body = 'dependencies = [(settings.X.split(".")[0], "0001_initial"), ("shop", settings.Y)]'
    found = one(f"{HEAD}class Migration(migrations.Migration):\n    {body}\n")
    assert references(found) == [(UNKNOWN, "0001_initial", True), ("shop", UNKNOWN, True)]


def test_lines_are_told(one: One) -> None:
    found = one(
        HEAD + "class Migration(migrations.Migration):\n    replaces = []\n    dependencies = [\n"
        '        ("shop", "0001_initial"),\n    ]\n    operations = [\n'
        '        migrations.RunSQL("x"),\n    ]\n'
    )
    assert (found.line, found.replaces.line, found.dependencies.line) == (3, 4, 5)
    assert found.dependencies.items[0].line == 6
    assert found.operations[0].line == 9
    assert found.run_before.line == 0


FLAGS = {
    "not said": ("", None, True),
    "said": ("initial = True\natomic = False", True, False),
    "computed": ("initial = settings.X\natomic = settings.X", UNKNOWN, UNKNOWN),
    "either": ("if settings.X:\n    atomic = False", None, UNKNOWN),
}


@pytest.mark.parametrize(("body", "initial", "atomic"), FLAGS.values(), ids=FLAGS.keys())
def test_flags(body: str, initial: object, atomic: object, one: One) -> None:
    found = one(migration(body=body))
    assert (found.initial, found.atomic) == (initial, atomic)


BASES = {
    "of the same file": ("class Base(migrations.Migration):\n    atomic = False\n", "Base"),
    "twice removed": (
        "class A(migrations.Migration):\n    atomic = False\nclass Base(A):\n    pass\n",
        "Base",
    ),
    "with a mixin": (
        "class Mixin:\n    atomic = False\n",
        "Mixin, migrations.Migration",
    ),
    "of a sibling": ("from .base import Base\n", "Base"),
    "of a sibling's package": ("from shop.migrations import base\n", "base.Base"),
}
SIBLING = HEAD + "class Base(migrations.Migration):\n    atomic = False\n"


@pytest.mark.parametrize(("head", "base"), BASES.values(), ids=BASES.keys())
def test_a_base_class_brings_its_attributes(head: str, base: str, one: One) -> None:
    text = f"{HEAD}{head}class Migration({base}):\n    dependencies = [('shop', '0001_initial')]\n"
    found = one(text, migrations__base=SIBLING)
    assert found.atomic is False
    assert found.dependencies.complete


def test_a_base_class_from_afar_may_bring_anything(one: One) -> None:
    found = one("from x import Base\nclass Migration(Base):\n    dependencies = [('a', 'b')]\n")
    assert references(found) == [("a", "b", True)]
    assert not found.dependencies.complete
    assert found.atomic is UNKNOWN
    assert found.header.alters_state is UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "class Other: pass",
        "from south.v2 import SchemaMigration\nclass Migration(SchemaMigration):\n    pass",
        "class Migration:\n    pass",
        "class Migration(object):\n    pass",
        "",
    ],
)
def test_files_without_a_migration_are_none(text: str, read: Callable[..., object]) -> None:
    history = read({"shop/migrations/0001_initial.py": migration(), "shop/migrations/x.py": text})
    assert [key.name for key in history.migrations] == ["0001_initial"]  # type: ignore[attr-defined]


def kinds(found: Migration) -> list[object]:
    return [operation.kind for operation in found.operations]


OPERATIONS = {
    "lists added up": ('A = [migrations.RunSQL("x")]\nB = [migrations.RunSQL("y")]', "A + B"),
    "functions": ('def f():\n    return [migrations.RunSQL("x")]', "f() + f()"),
    "a function unpacked": ('def f():\n    return (migrations.RunSQL("x"),)', "[*f(), *f()]"),
    "constants": ('A = migrations.RunSQL("x")', "[A, A]"),
    "a comprehension": ("", '[migrations.RunSQL(s) for s in ("x", "y")]'),
    "zipped": ("", "[migrations.RunSQL(a, b) for a, b in zip(['x', 'y'], ['', ''])]"),
}


@pytest.mark.parametrize(("head", "value"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_operations_are_followed_through(head: str, value: str, one: One) -> None:
    text = f"{HEAD}{head}\nclass Migration(migrations.Migration):\n    operations = {value}\n"
    assert kinds(one(text)) == ["RunSQL", "RunSQL"]


def test_an_operation_that_may_be_there_is_not_certain(one: One) -> None:
    value = 'migrations.RunSQL("x") if settings.X else migrations.RunPython(f)'
    found = one(migration(operations=value))
    assert [(item.kind, item.certain) for item in found.operations] == [
        ("RunSQL", False),
        ("RunPython", False),
    ]


def test_an_unknown_stretch_keeps_its_place(one: One) -> None:
    found = one(migration(operations='migrations.RunSQL("x"), *f(), migrations.RunSQL("y")'))
    assert kinds(found) == ["RunSQL", UNKNOWN, "RunSQL"]
    assert found.operations[1].name == ""
    assert [item.position for item in found.operations] == [0, 1, 2]


def test_operations_replaced_by_a_method_end_in_a_stretch(one: One) -> None:
    body = "def __init__(self, *a):\n    self.operations = []"
    assert kinds(one(migration(body=body, operations='migrations.RunSQL("x")')))[-1] is UNKNOWN


def test_arguments_go_by_djangos_names(one: One) -> None:
    found = one(migration(operations='migrations.AddField("a", "b", models.IntegerField(), False)'))
    (operation,) = found.operations
    assert operation.args == {
        "model_name": "a",
        "name": "b",
        "field": Call("django.db.models.IntegerField", (), {}, 7),
        "preserve_default": False,
    }
    assert operation.complete
    assert operation.argument("missing", 1) == 1


def test_arguments_may_be_more(one: One) -> None:
    found = one(migration(operations="migrations.AddField(*x, **y), migrations.RunSQL('x', **y)"))
    first, second = found.operations
    assert not first.complete
    assert first.text("model_name") is UNKNOWN
    assert second.text("sql") == "x"
    assert second.argument("reverse_sql") is UNKNOWN


def test_nested_operations_are_operations(one: One) -> None:
    value = """migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL("x")],
        state_operations=[migrations.RemoveField("a", "b")],
    ), migrations.RunSQL("x", state_operations=[migrations.RemoveField("a", "c")])"""
    both, sql = one(migration(operations=value)).operations
    assert [item.kind for item in both.database_operations] == ["RunSQL"]
    assert both.state_operations[0].args == {"model_name": "a", "name": "b"}
    assert sql.state_operations[0].args == {"model_name": "a", "name": "c"}


def test_nested_operations_may_be_attributes(one: One) -> None:
    body = "state_operations = [migrations.RemoveField('a', 'b')]"
    value = "migrations.SeparateDatabaseAndState(state_operations=state_operations)"
    (operation,) = one(migration(body=body, operations=value)).operations
    assert [item.kind for item in operation.state_operations] == ["RemoveField"]


def test_values_keep_names_and_calls(one: One) -> None:
    value = "migrations.RunPython(forwards, migrations.RunPython.noop, hints={'a': settings.X})"
    head = "def forwards(apps, schema_editor):\n    pass\n"
    (operation,) = one(migration(operations=value, head=head)).operations
    assert operation.args["code"] == Ref(".forwards")
    assert operation.args["reverse_code"] == Ref("django.db.migrations.RunPython.noop")
    assert operation.args["hints"] == {"a": Ref("django.conf.settings.X")}
