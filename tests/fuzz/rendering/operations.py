"""Writes operations. To add a kind, write a function: how often it is tried stands before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db import models

from tests.fuzz.rendering.code import code
from tests.fuzz.rendering.fields import (
    DEFAULTS,
    FAMILIES,
    FAMILY_OF,
    KEYS,
    WORDS,
    composite_key,
    kind_of_relation,
    plain,
    relation,
    some,
    target,
)
from tests.fuzz.rendering.known import APPS, Known

Written = tuple[str, ...] | None
"""The app and the texts of operations that belong together; nothing where they have no place."""

Write = Callable[[Known], Written]

KINDS: dict[Write, float] = {}
"""Each kind of operation, with how often it is tried."""

MODELS = ("Author", "Book", "Tag", "Order", "Line", "Place", "Member", "Letter")


def tried(often: float) -> Callable[[Write], Write]:
    """Enter a function among the kinds of operations."""

    def enter(write: Write) -> Write:
        KINDS[write] = often
        return write

    return enter


def any_operation(known: Known) -> Written:
    """Write an operation of some kind."""
    [write] = known.chance.choices(list(KINDS), list(KINDS.values()))
    return write(known)


def user_model() -> tuple[str, str]:
    """Write the user model of the project."""
    return "people", (
        'migrations.CreateModel("User", [("id", models.BigAutoField(primary_key=True)), '
        '("name", models.CharField(max_length=20, unique=True)), '
        '("groups", models.ManyToManyField("auth.Group"))], '
        'options={"swappable": "AUTH_USER_MODEL"})'
    )


@tried(2)
def create_model(known: Known) -> Written:
    """Make a model, sometimes with a name that another app has as well."""
    app = known.chance.choice(APPS if known.users else APPS[:2])
    names = [model.name for label, model in known.own(tables=False) if label == app]
    others = [model.name for _, model in known.own() if model.name not in names]
    name = known.chance.choice(others) if others and known.often(0.2) else known.new(*MODELS)
    key = f'("id", {KEYS[known.often(0.2)]})'
    if known.often(0.15) and hasattr(models, "CompositePrimaryKey"):
        key = ", ".join(composite_key(known, app, name))
    more = ""
    if known.often(0.2):
        more += ', managers=[("things", Things())]'
    elif known.often(0.15):
        more += ", bases=(Spoken, models.Model)"
    if known.often(0.1):
        more += f', options={{"db_table": "{known.new("table")}"}}'
    elif known.often(0.05):
        more += ', options={"managed": False}'
    fields = ", ".join([key, *some(known, app, name)])
    return app, f'migrations.CreateModel("{name}", [{fields}]{more})'


@tried(2)
def create_child(known: Known) -> Written:
    """Make a model that inherits, with a table of its own or as a proxy."""
    app, parent = known.model(tables=known.often(0.7)) or ("", None)
    if parent is None:
        return None
    base, link = f"{app}.{parent.name_lower}", f"{parent.name_lower}_ptr"
    app = app if known.often(0.7) else known.chance.choice(APPS[:2])
    name = known.new(*MODELS)
    if known.often(0.35):
        options = '{"proxy": True}'
        return app, f'migrations.CreateModel("{name}", [], bases=("{base}",), options={options})'
    fields = list(some(known, app, name))
    if known.often(0.6):
        text = (
            "models.OneToOneField(auto_created=True, on_delete=models.CASCADE, "
            f'parent_link=True, primary_key=True, serialize=False, to="{base}")'
        )
        fields.insert(0, f'("{link}", {text})')
    inner = ", ".join(fields)
    return app, f'migrations.CreateModel("{name}", [{inner}], bases=("{base}",))'


@tried(3)
def add_field(known: Known) -> Written:
    """Add a field that is no relation."""
    app, model = known.model() or ("", None)
    if model is None:
        return None
    text = plain(known, known.chance.choice(list(FAMILIES)))
    more = ", preserve_default=False" if "default" in text and known.often(0.3) else ""
    return app, f'migrations.AddField("{model.name}", "{known.new(*WORDS)}", {text}{more})'


@tried(4)
def add_relation(known: Known) -> Written:
    """Add a relation, sometimes through a model that has keys to both."""
    app, model = known.model() or ("", None)
    if model is None:
        return None
    through = list(_through(known))
    if through and known.often(0.5):
        app, name, text = known.chance.choice(through)
    else:
        name = model.name
        text = relation(known, kind_of_relation(known), target(known, app, name), null=True)
    return app, f'migrations.AddField("{name}", "{known.new("to")}", {text})'


def _through(known: Known) -> Iterator[tuple[str, str, str]]:
    """Yield an app, a model and a relation from it for each model that has two keys."""
    for app, model in known.own():
        keys = [
            (name, str(field.remote_field.model))
            for name, field in known.fields(model, relations=True)
            if isinstance(field, models.ForeignKey)
        ]
        if len(keys) > 1 and all("." in there for _, there in keys[:2]):
            (name, here), (other, there) = keys[:2]
            label, owner = here.split(".")
            if label in APPS and here.lower() != there.lower():
                more = f', through_fields=("{name}", "{other}")' if len(keys) > 2 else ""
                inner = f'"{there}", through="{app}.{model.name}", related_name="+"{more}'
                yield label, owner, f"models.ManyToManyField({inner})"


@tried(2)
def remove_field(known: Known) -> Written:
    """Take a field away."""
    found = known.field(relations=known.often(0.5))
    if found is None:
        return None
    app, model, name, _ = found
    return app, f'migrations.RemoveField("{model.name}", "{name}")'


@tried(3)
def alter_field(known: Known) -> Written:
    """Change a field that is no relation, to what its values can be as well."""
    found = known.field(relations=False)
    if found is None:
        return None
    app, model, name, field = found
    text = plain(known, FAMILY_OF[type(field).__name__])
    if field.unique and "unique" not in text and known.often(0.7):
        text = text.replace("db_index=True", "unique=True")
        text = text if "unique" in text else f"{text[:-1]}, unique=True)"
    return app, f'migrations.AlterField("{model.name}", "{name}", {text})'


@tried(2)
def alter_relation(known: Known) -> Written:
    """Change a relation: how it leads back, where it leads to, or whether it may be missing."""
    found = known.field(relations=True)
    if found is None:
        return None
    app, model, name, field = found
    there = str(field.remote_field.model)
    if getattr(field.remote_field, "through", None):
        return None
    kind = type(field).__name__
    if kind != "ManyToManyField":
        there = target(known, app, model.name) if known.often(0.2) else there
        kind = known.chance.choice(("ForeignKey", "OneToOneField")) if known.often(0.3) else kind
    text = relation(known, kind, there, null=field.null or None)
    return app, f'migrations.AlterField("{model.name}", "{name}", {text})'


@tried(0.7)
def alter_key(known: Known) -> Written:
    """Change the type of a key."""
    app, model = known.model() or ("", None)
    if model is None or "id" not in model.fields:
        return None
    now = type(model.fields["id"]).__name__
    other = next(key for key in KEYS if f".{now}(" not in key)
    return app, f'migrations.AlterField("{model.name}", "id", {other})'


@tried(1)
def alter_between_key_and_number(known: Known) -> Written:
    """Make a relation of a field that has the numbers, and the other way round."""
    app, model = known.model() or ("", None)
    if model is None:
        return None
    name, there = known.new("to"), target(known, app, model.name)
    number = "models.BigIntegerField(null=True)"
    key = relation(known, "ForeignKey", there, null=True)
    first, second = (number, key) if known.often(0.5) else (key, number)
    return (
        app,
        f'migrations.AddField("{model.name}", "{name}", {first})',
        f'migrations.AlterField("{model.name}", "{name}", {second})',
    )


@tried(2)
def rename_field(known: Known) -> Written:
    """Rename a field: more often a relation, or one that relations may lead to."""
    found = [
        (app, model, name)
        for app, model in known.own()
        for name, field in model.fields.items()
        if not field.remote_field
        and name != "pk"
        and known.often(0.1 if name == "id" else 1 if field.unique else 0.3)
    ]
    if known.often(0.3):
        a_relation = known.field(relations=True)
        found = [a_relation[:3]] if a_relation else found
    if not found:
        return None
    app, model, name = known.chance.choice(found)
    return app, f'migrations.RenameField("{model.name}", "{name}", "{known.new(*WORDS)}")'


@tried(1.5)
def make_key_of_fields(known: Known) -> Written:
    """Make a key of fields that are there, in the place of a key to which nothing leads."""
    found = [
        (app, model, name)
        for app, model in known.own()
        if "id" in model.fields and "pk" not in model.fields and not _leads_to(known, app, model)
        for name, field in model.fields.items()
        if name != "id" and not field.null and not field.many_to_many
    ]
    if not found or not hasattr(models, "CompositePrimaryKey"):
        return None
    app, model, name = known.chance.choice(found)
    return (
        app,
        f'migrations.AddField("{model.name}", "pk", models.CompositePrimaryKey("id", "{name}"))',
        f'migrations.AlterField("{model.name}", "id", models.IntegerField())',
    )


def _leads_to(known: Known, app: str, model: Any) -> bool:
    """Say whether anything refers to a model's key, as its own relations to many rows do."""
    fields = known.apps.get_model(app, model.name)._meta.get_fields(include_hidden=True)
    return any(one.is_relation and (one.auto_created or one.many_to_many) for one in fields)


@tried(1.5)
def rename_model(known: Known) -> Written:
    """Rename a model."""
    app, model = known.model(tables=known.often(0.8)) or ("", None)
    if model is None or "swappable" in model.options:
        return None
    return app, f'migrations.RenameModel("{model.name}", "{known.new(*MODELS)}")'


@tried(1)
def delete_model(known: Known) -> Written:
    """Delete a model."""
    app, model = known.model(tables=False) or ("", None)
    if model is None or "swappable" in model.options:
        return None
    return app, f'migrations.DeleteModel("{model.name}")'


@tried(1)
def alter_table(known: Known) -> Written:
    """Give a model's table another name."""
    app, model = known.model() or ("", None)
    if model is None:
        return None
    return app, f'migrations.AlterModelTable("{model.name}", "{known.new("table")}")'


@tried(1)
def alter_options(known: Known) -> Written:
    """Change what no table knows of."""
    app, model = known.model(tables=False) or ("", None)
    if model is None:
        return None
    options: list[dict[str, Any]] = [{"verbose_name": "thing"}, {"get_latest_by": "pk"}, {}]
    names = [name for name, _ in known.fields(model, relations=False)]
    options += [{"ordering": [f"-{name}", "pk"]} for name in names[:2]]
    return app, f'migrations.AlterModelOptions("{model.name}", {known.chance.choice(options)!r})'


@tried(1)
def alter_managers(known: Known) -> Written:
    """Give a model other managers."""
    app, model = known.model(tables=False) or ("", None)
    if model is None:
        return None
    managers = ('("things", Things())', '("objects", Things())', '("all", models.Manager())', "")
    chosen = known.chance.choice(managers)
    return app, f'migrations.AlterModelManagers("{model.name}", [{chosen}])'


@tried(1.5)
def alter_unique_together(known: Known) -> Written:
    """Let fields be unique together, or no longer."""
    found = known.two_fields()
    if found is None:
        return None
    app, model, names = found
    value = "set()" if model.options.get("unique_together") else f"{{{tuple(names)!r}}}"
    return app, f'migrations.AlterUniqueTogether("{model.name}", {value})'


@tried(0.7)
def alter_index_together(known: Known) -> Written:
    """Put an index on fields as old Djangos did, and give it a name."""
    found = known.two_fields()
    if found is None:
        return None
    app, model, names = found
    name, both = model.name, tuple(names)
    return (
        app,
        f'migrations.AlterIndexTogether("{name}", {{{both!r}}})',
        f'migrations.RenameIndex("{name}", "{known.new("index")}", old_fields={both!r})',
    )


@tried(1.2)
def add_index(known: Known) -> Written:
    """Add an index, sometimes on some rows only or on an expression."""
    found = known.two_fields()
    if found is None:
        return None
    app, model, (one, other) = found
    what = known.chance.choice(
        (
            f'fields=["{one}", "-{other}"]',
            f'fields=["{one}"]',
            f'fields=["{one}"], condition=models.Q({other}__isnull=False)',
            f'models.F("{one}").desc()',
        )
    )
    index = f'models.Index({what}, name="{known.new("index")}")'
    return app, f'migrations.AddIndex("{model.name}", {index})'


def _of_options(known: Known, option: str) -> tuple[str, str, str] | None:
    """Return the app, the model and the name of an index or a constraint."""
    found = [
        (app, model.name, one.name)
        for app, model in known.own()
        for one in model.options.get(option, ())
    ]
    return known.chance.choice(found) if found else None


@tried(1)
def rename_or_remove_index(known: Known) -> Written:
    """Rename an index, or remove it."""
    found = _of_options(known, "indexes")
    if found is None:
        return None
    app, model, index = found
    if known.often(0.5):
        return app, f'migrations.RemoveIndex("{model}", "{index}")'
    return app, f'migrations.RenameIndex("{model}", "{known.new("index")}", old_name="{index}")'


@tried(1.2)
def add_constraint(known: Known) -> Written:
    """Add a constraint."""
    found = known.two_fields()
    if found is None:
        return None
    app, model, (one, other) = found
    name = known.new("kept")
    what = known.chance.choice(
        (
            f'models.UniqueConstraint(fields=["{one}", "{other}"], name="{name}")',
            f'models.UniqueConstraint(models.F("{one}"), models.F("{other}"), name="{name}")',
            f'check(~models.Q({one}=None, {other}=None), "{name}")',
        )
    )
    return app, f'migrations.AddConstraint("{model.name}", {what})'


@tried(0.7)
def remove_constraint(known: Known) -> Written:
    """Remove a constraint."""
    found = _of_options(known, "constraints")
    return found and (found[0], f'migrations.RemoveConstraint("{found[1]}", "{found[2]}")')


@tried(0.8)
def alter_order(known: Known) -> Written:
    """Order rows with respect to what they belong to, or no longer."""
    ordered = [one for one in known.own() if one[1].options.get("order_with_respect_to")]
    if ordered and known.often(0.5):
        app, model = known.chance.choice(ordered)
        return app, f'migrations.AlterOrderWithRespectTo("{model.name}", None)'
    found = known.field(relations=True)
    if found is None or found[3].many_to_many:
        return None
    app, model, name, _ = found
    return app, f'migrations.AlterOrderWithRespectTo("{model.name}", "{name}")'


@tried(0.7)
def the_same_apart(known: Known) -> Written:
    """Do something to the database, and say the same of the state."""
    writes = (add_field, add_relation, remove_field, alter_field, create_model, rename_field)
    app, *texts = known.chance.choice(writes)(known) or ("",)
    if not texts:
        return None
    both = ", ".join(texts)
    return app, f"migrations.SeparateDatabaseAndState([{both}], [{both}])"


@tried(0.7)
def more_than_the_state_apart(known: Known) -> Written:
    """Do more to the database than is said of the state, with the same outcome."""
    app, model = known.model() or ("", None)
    if model is None:
        return None
    new, passing = known.new(*WORDS), known.new(*WORDS)
    text = plain(known, known.chance.choice(list(DEFAULTS)), null=True)
    return app, (
        "migrations.SeparateDatabaseAndState("
        f'[migrations.AddField("{model.name}", "{passing}", {text}), '
        f'migrations.RenameField("{model.name}", "{passing}", "{new}")], '
        f'[migrations.AddField("{model.name}", "{new}", {text})])'
    )


@tried(0.5)
def run_sql(known: Known) -> Written:
    """Run a statement that leaves all as it is, and say something of the state."""
    app, model = known.model(tables=False) or ("", None)
    if model is None:
        return None
    options = f'migrations.AlterModelOptions("{model.name}", {{"verbose_name": "thing"}})'
    return app, f'migrations.RunSQL("SELECT 1", "SELECT 2", state_operations=[{options}])'


@tried(7)
def run_python(known: Known) -> Written:
    """Let code work with one model or two, forwards and sometimes backwards."""
    found = [model for model in known.apps.get_models() if model._meta.managed]
    own = [model for model in found if model._meta.app_label in APPS]
    if not own:
        return None
    names = [code(known, own, found)]
    names.append(code(known, own, found) if known.often(0.4) else "migrations.RunPython.noop")
    app = known.chance.choice(own)._meta.app_label
    return app, f"migrations.RunPython({', '.join(names)})"
