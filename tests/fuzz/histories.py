"""Makes histories of migrations by number: random, valid, and such as people write.

A history is text, as in files of migrations, so that each run has operations of its own and
whatever fails can be read. What is valid is decided by Django's state and its checks of models.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.checks import ERROR
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models
from django.db.migrations.exceptions import InvalidBasesError
from django.db.migrations.state import ProjectState
from django.db.models.constants import LOOKUP_SEP

from tests.fuzz import orm

APPS = ("shop", "club", "people")
CONTRIB = ("contenttypes", "auth", "admin")
WORDS = ("title", "name", "code", "size", "note", "state", "label", "part")
MODELS = ("Author", "Book", "Tag", "Order", "Line", "Place", "Member", "Letter")
FAMILIES = {
    "text": ["models.CharField(max_length=20{})", "models.CharField(max_length=40{})",
             "models.TextField({})"],
    "number": ["models.IntegerField({})", "models.BigIntegerField({})",
               "models.PositiveIntegerField({})"],
    "flag": ["models.BooleanField({})"],
    "day": ["models.DateField({})"],
}  # fmt: skip
FAMILY_OF = {
    kind.split("(")[0].removeprefix("models."): family
    for family, kinds in FAMILIES.items()
    for kind in kinds
}
DEFAULTS = {"text": '"x"', "number": "3", "flag": "True", "day": "datetime.date(2020, 1, 1)"}
KEYS = ("models.BigAutoField(primary_key=True)", "models.AutoField(primary_key=True)")
UNSOUND = (
    FieldDoesNotExist, FieldError, InvalidBasesError, ValueError, LookupError, AssertionError,
    TypeError,
)  # fmt: skip
"""What Django raises for a state that nobody can have."""


@dataclass(frozen=True)
class Step:
    """One migration: its app and the text of its operations. ``contrib`` means all of Django's."""

    app: str
    operations: tuple[str, ...] = ()
    contrib: bool = False


@dataclass(frozen=True)
class History:
    """A history of migrations."""

    seed: int
    steps: list[Step] = field(default_factory=list)
    code: dict[str, str] = field(default_factory=dict)
    unmigrated: tuple[str, ...] = ()
    back: int = 0
    """So many migrations are taken back in the end."""

    def __str__(self) -> str:
        used = "\n".join(operation for step in self.steps for operation in step.operations)
        lines = [text for name, text in self.code.items() if name in used]
        for number, step in enumerate(self.steps, 1):
            what = "all of Django's migrations" if step.contrib else ""
            lines += ["", f"# {number}. {step.app} {what}".rstrip()]
            lines += [f"{operation}," for operation in step.operations]
        lines += [f"# back: {self.back}", f"# apps without migrations: {self.unmigrated}"]
        return "\n".join([f"# seed {self.seed}", *lines])

    def without(self, number: int, operation: int | None = None) -> History:
        """Return the history without a migration, or without one of its operations."""
        steps = list(self.steps)
        step = steps[number]
        left = [text for place, text in enumerate(step.operations) if place != operation]
        if operation is None or not left:
            del steps[number]
        else:
            steps[number] = replace(step, operations=tuple(left))
        return replace(self, steps=steps)


def history(seed: int) -> History:
    """Return the history of a number."""
    return Writer(seed).history()


def evaluated(text: str, more: dict[str, Any] | None = None) -> Any:
    """Return an operation from its text."""
    return eval(text, {**orm.NAMES, **(more or {})})


class Writer:
    """Writes one history, and follows what the state is."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.number = 0
        self.code: dict[str, str] = {}
        self.steps: list[Step] = []
        self.unmigrated = ("sites",) if self.chance.random() < 0.15 else ()
        self.state = ProjectState(real_apps=set(self.unmigrated))
        self.apps = self.state.apps
        self.users = self.chance.random() < 0.2

    def history(self) -> History:
        """Write it all: tables first, then whatever comes."""
        if self.users:
            self._begin_with_users()
        for _ in range(self.chance.randint(2, 5)):
            self._one(self.create)
        for _ in range(self.chance.randint(5, 18)):
            self._one(self.chance.choices(list(self.weights()), list(self.weights().values()))[0])
        chance = self.chance
        back = chance.randint(1, len(self.steps)) if chance.random() < 0.35 else 0
        back = min(back, sum(not step.contrib for step in self.steps))
        return History(self.seed, self.steps, self.code, self.unmigrated, back)

    def weights(self) -> dict[Callable[[], tuple[str, ...] | None], float]:
        """Return what may come next, and how often."""
        return {
            self.run: 6, self.create: 2, self.create_child: 2, self.add: 3, self.relate: 4,
            self.remove: 2, self.alter: 3, self.alter_relation: 2, self.alter_key: 0.7,
            self.rename: 2, self.rename_model: 1.5, self.delete_model: 1, self.table: 1,
            self.options: 1, self.managers: 1, self.together: 1.5, self.index_together: 0.5,
            self.add_index: 1, self.change_index: 1, self.add_constraint: 1,
            self.remove_constraint: 0.5, self.order: 0.7, self.apart: 1,
        }  # fmt: skip

    def _begin_with_users(self) -> None:
        user = """migrations.CreateModel("User", [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=20, unique=True)),
            ("groups", models.ManyToManyField("auth.Group"))],
            options={"swappable": "AUTH_USER_MODEL"})"""
        self._contrib("contenttypes")
        self._contrib("auth")
        if not self._accept("people", user):
            raise AssertionError("the user model is refused")
        if self.chance.random() < 0.7:
            self._contrib("admin")

    def _contrib(self, app: str) -> None:
        for migration in orm.contrib(app):
            self.state = migration.mutate_state(self.state, preserve=False)
        self.apps = self.state.apps
        self.steps.append(Step(app, contrib=True))

    def _one(self, write: Callable[[], tuple[str, ...] | None]) -> None:
        """Try a few times to write what is valid now: an operation, or some in a row."""
        for _ in range(4):
            app, *texts = write() or ("",)
            before = self.state, self.apps, list(self.steps)
            if texts and all(self._accept(app, text) for text in texts):
                return
            self.state, self.apps, self.steps = before

    def _accept(self, app: str, text: str) -> bool:
        state = apart(self.state)
        try:
            operation = evaluated(text, dict.fromkeys(self.code, orm.nothing))
            operation.state_forwards(app, state)
            apps = state.apps
            own = [model for model in apps.get_models() if model._meta.app_label in APPS]
            if not all(map(is_sound, own)) or clashes(apps):
                return False
        except UNSOUND:
            return False
        self.state, self.apps = state, apps
        alone = "RunPython" in text and self.chance.random() < 0.8
        last = self.steps[-1] if self.steps else None
        room = last is not None and last.app == app and not last.contrib
        if last is not None and room and not alone and self.chance.random() < 0.6:
            self.steps[-1] = replace(last, operations=(*last.operations, text))
        else:
            self.steps.append(Step(app, (text,)))
        return True

    # What there is

    def _new(self, words: tuple[str, ...]) -> str:
        self.number += 1
        return f"{self.chance.choice(words)}{self.number}"

    def _own(self, *, tables: bool = True) -> list[tuple[str, Any]]:
        """Return the models of the project by app, proxies only if asked for."""
        return [
            (app, model)
            for (app, _), model in self.state.models.items()
            if app in APPS and not (tables and model.options.get("proxy"))
        ]

    def _model(self, *, tables: bool = True) -> tuple[str, Any] | None:
        own = self._own(tables=tables)
        return self.chance.choice(own) if own else None

    def _fields(self, model: Any, *, relations: bool) -> list[tuple[str, Any]]:
        return [
            (name, field)
            for name, field in model.fields.items()
            if not field.primary_key
            and bool(field.remote_field) == relations
            and name != "_order"
            and not getattr(field.remote_field, "parent_link", False)
        ]

    def _a_field(self, *, relations: bool) -> tuple[str, Any, str, Any] | None:
        found = [
            (app, model, name, field)
            for app, model in self._own()
            for name, field in self._fields(model, relations=relations)
        ]
        return self.chance.choice(found) if found else None

    # Texts of fields

    def _plain(self, family: str, *, null: bool | None = None) -> str:
        chance = self.chance
        null = chance.random() < 0.4 if null is None else null
        more = ["null=True" if null else f"default={DEFAULTS[family]}"]
        if null and family in {"text", "number"} and chance.random() < 0.35:
            more.append("unique=True")
        elif chance.random() < 0.25:
            more.append("db_index=True")
        if chance.random() < 0.15:
            more.append(f'db_column="{self._new(("column",))}"')
        if chance.random() < 0.1:
            more.append('help_text="why"')
        kind = chance.choice(FAMILIES[family])
        inner = ", ".join(more)
        return kind.format(f", {inner}" if "max_length" in kind else inner)

    def _relation(self, kind: str, target: str, *, null: bool | None = None) -> str:
        chance = self.chance
        null = chance.random() < 0.5 if null is None else null
        user = target == "people.User" and self.users and chance.random() < 0.8
        inner = ["settings.AUTH_USER_MODEL" if user else f'"{target}"']
        null = null or target == "self"
        draw = chance.random()
        if kind != "ManyToManyField":
            ways = ["CASCADE", "CASCADE", "CASCADE", "PROTECT", *(["SET_NULL"] * 2 * null)]
            inner.append(f"models.{chance.choice(ways)}")
            inner += ["null=True"] if null else []
            unique = self._unique(target)
            if unique and chance.random() < 0.3:
                inner.append(f'to_field="{chance.choice(unique)}"')
            if chance.random() < 0.1:
                inner.append("db_index=False" if kind == "ForeignKey" else "db_constraint=False")
        elif target == "self" and chance.random() < 0.5:
            inner.append("symmetrical=False")
        if draw < 0.4:
            inner.append(f'related_name="{self._new(("back",))}"')
        elif draw < 0.5:
            inner.append('related_name="+"')
        if 0.2 < draw < 0.3:
            inner.append(f'related_query_name="{self._new(("query",))}"')
        return f"models.{kind}({', '.join(inner)})"

    def _unique(self, target: str) -> list[str]:
        key = tuple(target.lower().split("."))
        model = self.state.models.get(key)
        if model is None:
            return []
        return [name for name, one in model.fields.items() if one.unique and not one.primary_key]

    def _target(self, app: str, name: str) -> str:
        """Return what a relation of a model may lead to: most often another model."""
        chance = self.chance
        if chance.random() < 0.15:
            return "self"
        known = [
            f"{label}.{model.name}"
            for label, model in self._own(tables=False)
            if model.options.get("managed", True)
        ]
        known += ["people.User"] * 3 * self.users
        if self.users and chance.random() < 0.15:
            known = ["auth.Group", "auth.Permission", "contenttypes.ContentType"]
        if self.unmigrated and chance.random() < 0.2:
            return "sites.Site"
        target = chance.choice(known) if known else "self"
        return "self" if target == f"{app}.{name}" else target

    def _some_fields(self, app: str, name: str) -> Iterator[str]:
        for _ in range(self.chance.randint(1, 3)):
            family = self.chance.choice(list(FAMILIES))
            yield f'("{self._new(WORDS)}", {self._plain(family)})'
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            kind = self._kind()
            yield f'("{self._new(("to",))}", {self._relation(kind, self._target(app, name))})'

    def _kind(self) -> str:
        return self.chance.choice(("ForeignKey", "ForeignKey", "OneToOneField", "ManyToManyField"))

    # Operations: each returns the app and the text, or nothing where it has no place

    def create(self) -> tuple[str, str]:
        """Make a model, sometimes with a name that another app has as well."""
        chance = self.chance
        app = chance.choice(APPS if self.users else APPS[:2])
        own = [model.name for label, model in self._own(tables=False) if label == app]
        others = [model.name for _, model in self._own() if model.name not in own]
        name = chance.choice(others) if others and chance.random() < 0.2 else self._new(MODELS)
        fields = [f'("id", {KEYS[chance.random() < 0.2]})', *self._some_fields(app, name)]
        more = ""
        if chance.random() < 0.2:
            more += ', managers=[("things", Things())]'
        elif chance.random() < 0.15:
            more += ", bases=(Spoken, models.Model)"
        if chance.random() < 0.1:
            more += ', options={"db_table": "' + self._new(("table",)) + '"}'
        elif chance.random() < 0.05:
            more += ', options={"managed": False}'
        return app, f'migrations.CreateModel("{name}", [{", ".join(fields)}]{more})'

    def create_child(self) -> tuple[str, ...] | None:
        """Make a model that inherits, with a table or without."""
        found = self._model(tables=self.chance.random() < 0.7)
        if found is None:
            return None
        app, parent = found
        base = f"{app}.{parent.name_lower}"
        app = app if self.chance.random() < 0.7 else self.chance.choice(APPS[:2])
        name = self._new(MODELS)
        if self.chance.random() < 0.35:
            options = 'options={"proxy": True}'
            return app, f'migrations.CreateModel("{name}", [], bases=("{base}",), {options})'
        fields = list(self._some_fields(app, name))
        if self.chance.random() < 0.6:
            link = (
                "models.OneToOneField(auto_created=True, on_delete=models.CASCADE, "
                f'parent_link=True, primary_key=True, serialize=False, to="{base}")'
            )
            fields.insert(0, f'("{parent.name_lower}_ptr", {link})')
        inner = ", ".join(fields)
        return app, f'migrations.CreateModel("{name}", [{inner}], bases=("{base}",))'

    def add(self) -> tuple[str, ...] | None:
        """Add a field that isn't a relation."""
        found = self._model()
        if found is None:
            return None
        app, model = found
        text = self._plain(self.chance.choice(list(FAMILIES)))
        more = (
            ", preserve_default=False" if "default" in text and self.chance.random() < 0.3 else ""
        )
        return app, f'migrations.AddField("{model.name}", "{self._new(WORDS)}", {text}{more})'

    def relate(self) -> tuple[str, ...] | None:
        """Add a relation, sometimes through a model that has keys to both."""
        found = self._model()
        if found is None:
            return None
        app, model = found
        through = list(self._through())
        if through and self.chance.random() < 0.5:
            app, name, text = self.chance.choice(through)
        else:
            name = model.name
            kind = self._kind()
            text = self._relation(kind, self._target(app, name), null=True)
        return app, f'migrations.AddField("{name}", "{self._new(("to",))}", {text})'

    def _through(self) -> Iterator[tuple[str, str, str]]:
        for app, model in self._own():
            keys = [
                str(one.remote_field.model)
                for _, one in self._fields(model, relations=True)
                if isinstance(one, models.ForeignKey)
            ]
            if len(keys) == 2 and all("." in key for key in keys):
                one, other = keys
                label, name = one.split(".")
                if label in APPS and one.lower() != other.lower():
                    inner = f'"{other}", through="{app}.{model.name}", related_name="+"'
                    yield label, name, f"models.ManyToManyField({inner})"

    def remove(self) -> tuple[str, ...] | None:
        """Take a field away."""
        found = self._a_field(relations=self.chance.random() < 0.5)
        if found is None:
            return None
        app, model, name, _ = found
        return app, f'migrations.RemoveField("{model.name}", "{name}")'

    def alter(self) -> tuple[str, ...] | None:
        """Change a field that isn't a relation, within what its values can be."""
        found = self._a_field(relations=False)
        if found is None:
            return None
        app, model, name, one = found
        family = FAMILY_OF.get(type(one).__name__)
        if not family:
            return None
        text = self._plain(family)
        if one.unique and self.chance.random() < 0.7 and "unique" not in text:
            text = text.replace("db_index=True", "unique=True")
            text = text if "unique" in text else f"{text[:-1]}, unique=True)"
        return app, f'migrations.AlterField("{model.name}", "{name}", {text})'

    def alter_relation(self) -> tuple[str, ...] | None:
        """Change a relation: how it leads back, what it leads to, or whether it may be missing."""
        found = self._a_field(relations=True)
        if found is None:
            return None
        app, model, name, one = found
        target = one.remote_field.model
        if not isinstance(target, str) or getattr(one.remote_field, "through", None):
            return None
        target = target if "." in target or target == "self" else f"{app}.{target}"
        many = isinstance(one, models.ManyToManyField)
        if not many and self.chance.random() < 0.2:
            target = self._target(app, model.name)
        kind = "ManyToManyField" if many else self.chance.choice(("ForeignKey", "OneToOneField"))
        kind = type(one).__name__ if self.chance.random() < 0.7 else kind
        return app, (
            f'migrations.AlterField("{model.name}", "{name}", '
            f"{self._relation(kind, target, null=one.null or None)})"
        )

    def alter_key(self) -> tuple[str, ...] | None:
        """Change the type of a key."""
        found = self._model()
        if found is None or "id" not in found[1].fields:
            return None
        app, model = found
        now = type(model.fields["id"]).__name__
        other = next(key for key in KEYS if f".{now}(" not in key)
        return app, f'migrations.AlterField("{model.name}", "id", {other})'

    def rename(self) -> tuple[str, ...] | None:
        """Rename a field: more often one that others refer to."""
        found = [
            (app, model, name)
            for app, model in self._own()
            for name, one in model.fields.items()
            if not one.remote_field and (one.unique or self.chance.random() < 0.3)
            and (name != "id" or self.chance.random() < 0.1)
        ]  # fmt: skip
        if self.chance.random() < 0.3:
            relation = self._a_field(relations=True)
            found = [relation[:3]] if relation else found
        if not found:
            return None
        app, model, name = self.chance.choice(found)
        new = self._new(WORDS)
        return app, f'migrations.RenameField("{model.name}", "{name}", "{new}")'

    def rename_model(self) -> tuple[str, ...] | None:
        """Rename a model."""
        found = self._model(tables=self.chance.random() < 0.8)
        if found is None or found[1].name == "User":
            return None
        app, model = found
        return app, f'migrations.RenameModel("{model.name}", "{self._new(MODELS)}")'

    def delete_model(self) -> tuple[str, ...] | None:
        """Delete a model."""
        found = self._model(tables=False)
        if found is None or found[1].name == "User":
            return None
        return found[0], f'migrations.DeleteModel("{found[1].name}")'

    def table(self) -> tuple[str, ...] | None:
        """Give a model's table another name."""
        found = self._model()
        if found is None:
            return None
        return found[0], (
            f'migrations.AlterModelTable("{found[1].name}", "{self._new(("table",))}")'
        )

    def options(self) -> tuple[str, ...] | None:
        """Change what no table knows of."""
        found = self._model(tables=False)
        if found is None:
            return None
        app, model = found
        names = [name for name, _ in self._fields(model, relations=False)]
        some: list[dict[str, Any]] = [{"verbose_name": "thing"}, {"get_latest_by": "pk"}, {}]
        some += [{"ordering": [f"-{name}", "pk"]} for name in names[:2]]
        return app, f'migrations.AlterModelOptions("{model.name}", {self.chance.choice(some)!r})'

    def managers(self) -> tuple[str, ...] | None:
        """Give a model other managers."""
        found = self._model(tables=False)
        if found is None:
            return None
        managers = self.chance.choice(
            ('("things", Things())', '("objects", Things())', "", '("all", models.Manager())')
        )
        return found[0], f'migrations.AlterModelManagers("{found[1].name}", [{managers}])'

    def _two(self) -> tuple[str, Any, list[str]] | None:
        found = self._model()
        if found is None:
            return None
        app, model = found
        names = [
            name for name, one in model.fields.items()
            if not one.many_to_many and not isinstance(one, models.TextField) and name != "_order"
        ]  # fmt: skip
        self.chance.shuffle(names)
        return (app, model, names[:2]) if len(names) > 1 else None

    def together(self) -> tuple[str, ...] | None:
        """Let fields be unique together, or no longer."""
        found = self._two()
        if found is None:
            return None
        app, model, names = found
        value = "set()" if model.options.get("unique_together") else f"{{{tuple(names)!r}}}"
        return app, f'migrations.AlterUniqueTogether("{model.name}", {value})'

    def index_together(self) -> tuple[str, ...] | None:
        """Put an index on fields as old Djangos did, and give it a name."""
        found = self._two()
        if found is None:
            return None
        app, model, names = found
        name, both = model.name, tuple(names)
        return (
            app,
            f'migrations.AlterIndexTogether("{name}", {{{both!r}}})',
            f'migrations.RenameIndex("{name}", "{self._new(("index",))}", old_fields={both!r})',
        )

    def add_index(self) -> tuple[str, ...] | None:
        """Add an index, sometimes on some rows only or on an expression."""
        found = self._two()
        if found is None:
            return None
        app, model, names = found
        one, other = names
        what = self.chance.choice(
            (
                f"fields={names!r}",
                f'fields=["{one}"]',
                f'fields=["{one}"], condition=models.Q({other}__isnull=False)',
                f'models.F("{one}").desc()',
            )
        )
        index = f'models.Index({what}, name="{self._new(("index",))}")'
        return app, f'migrations.AddIndex("{model.name}", {index})'

    def change_index(self) -> tuple[str, ...] | None:
        """Rename an index or remove it."""
        found = [
            (app, model.name, index.name)
            for app, model in self._own()
            for index in model.options.get("indexes", [])
        ]
        if not found:
            return None
        app, name, index = self.chance.choice(found)
        if self.chance.random() < 0.5:
            return app, f'migrations.RemoveIndex("{name}", "{index}")'
        new = self._new(("index",))
        return app, f'migrations.RenameIndex("{name}", "{new}", old_name="{index}")'

    def add_constraint(self) -> tuple[str, ...] | None:
        """Add a constraint that rows of before may keep to."""
        found = self._two()
        if found is None:
            return None
        app, model, names = found
        name = self._new(("kept",))
        what = self.chance.choice(
            (
                f'models.UniqueConstraint(fields={["id", names[0]]!r}, name="{name}")',
                f'models.UniqueConstraint(fields={names!r}, name="{name}")',
                f'check(~models.Q({names[0]}=None, pk=-1), "{name}")',
            )
        )
        return app, f'migrations.AddConstraint("{model.name}", {what})'

    def remove_constraint(self) -> tuple[str, ...] | None:
        """Remove a constraint."""
        found = [
            (app, model.name, one.name)
            for app, model in self._own()
            for one in model.options.get("constraints", [])
        ]
        if not found:
            return None
        app, name, constraint = self.chance.choice(found)
        return app, f'migrations.RemoveConstraint("{name}", "{constraint}")'

    def order(self) -> tuple[str, ...] | None:
        """Order rows with respect to what they belong to, or no longer."""
        ordered = [one for one in self._own() if one[1].options.get("order_with_respect_to")]
        if ordered and self.chance.random() < 0.5:
            app, model = self.chance.choice(ordered)
            return app, f'migrations.AlterOrderWithRespectTo("{model.name}", None)'
        found = self._a_field(relations=True)
        if found is None or isinstance(found[3], models.ManyToManyField):
            return None
        app, model, name, _ = found
        return app, f'migrations.AlterOrderWithRespectTo("{model.name}", "{name}")'

    def apart(self) -> tuple[str, ...] | None:
        """Do one thing to the database and say another of the state, with the same outcome."""
        chance = self.chance
        if chance.random() < 0.5:
            done = chance.choice((self.add, self.relate, self.remove, self.alter, self.create))()
            if done is None:
                return None
            app, text = done
            return app, f"migrations.SeparateDatabaseAndState([{text}], [{text}])"
        found = self._model()
        if found is None:
            return None
        app, model = found
        new, passing = self._new(WORDS), self._new(WORDS)
        one = self._plain(chance.choice(list(FAMILIES)), null=True)
        return app, (
            "migrations.SeparateDatabaseAndState("
            f'[migrations.AddField("{model.name}", "{passing}", {one}), '
            f'migrations.RenameField("{model.name}", "{passing}", "{new}")], '
            f'[migrations.AddField("{model.name}", "{new}", {one})])'
        )

    def run(self) -> tuple[str, ...] | None:
        """Let code work with one model or two."""
        usable = [model for model in self.apps.get_models() if model._meta.managed]
        own = [model for model in usable if model._meta.app_label in APPS]
        if not own:
            return None
        reverse = "migrations.RunPython.noop"
        name = self._code(own, usable)
        if self.chance.random() < 0.4:
            reverse = self._code(own, usable)
        return self.chance.choice(own)._meta.app_label, f"migrations.RunPython({name}, {reverse})"

    def _code(self, own: list[Any], usable: list[Any]) -> str:
        self.number += 1
        name = f"code{self.number}"
        lines = [f"def {name}(apps, editor):", "    using = editor.connection.alias"]
        for _ in range(self.chance.choice((1, 1, 2))):
            model = self.chance.choice(own if self.chance.random() < 0.9 else usable)
            lines += [f"    {line}" for line in Reader(self.chance, self.apps, model).lines()]
        self.code[name] = "\n".join([*lines, ""])
        return name


class Reader:
    """Writes lines of code that work with one model."""

    def __init__(self, chance: random.Random, apps: Any, model: Any) -> None:
        self.chance = chance
        self.apps = apps
        self.model = model
        meta = model._meta
        self.name = meta.model_name
        manager = meta.default_manager.name
        self.rows = f'{self.name}.{manager}.using(using).order_by("pk")'
        concrete = [one for one in meta.get_fields() if one.concrete]
        self.plain = [
            one.name for one in concrete if not one.remote_field and not one.unique
            and one.name != "_order" and one.null
        ]  # fmt: skip
        self.keys = [one for one in concrete if one.many_to_one or one.one_to_one]
        self.many = [one for one in concrete if one.many_to_many]
        back = [one for one in meta.get_fields() if one.auto_created and not one.concrete]
        self.back = [one for one in back if one.get_accessor_name()]

    def lines(self) -> Iterator[str]:
        """Write some lines: most make rows first."""
        chance = self.chance
        meta = self.model._meta
        yield f'{self.name} = apps.get_model("{meta.app_label}", "{meta.object_name}")'
        made = chance.random() < 0.75
        if made:
            yield f"rows = [make({self.name}, using) for _ in range({chance.randint(1, 2)})]"
        ways = [self.about, self.all, self.forward, self.backward, self.backward, self.write]
        if made:
            ways += [self.of_rows, self.delete]
        for _ in range(chance.randint(2, 6)):
            yield from chance.choice(ways)()

    def about(self) -> Iterator[str]:
        """Ask what there is."""
        app = self.model._meta.app_label
        bases = [base._meta for base in self.model.__mro__[1:] if hasattr(base, "_meta")]
        asked = [
            f"[one.name for one in {self.name}._meta.get_fields()]",
            f"[one.name for one in {self.name}._meta.related_objects]",
            "[one._meta.label for one in apps.get_models()]",
            "[one._meta.label for one in apps.get_models(include_auto_created=True)]",
            f'[one._meta.label for one in apps.get_app_config("{app}").get_models()]',
            "[one.label for one in apps.get_app_configs() if one.models]",
            f"[one for one in {self.name}.__mro__ if hasattr(one, '_meta')]",
            f"{self.name}._meta.parents",
            f'sorted(apps.all_models["{app}"])',
            f'hasattr({self.name}, "nothing_set")',
            f"{self.name}._meta.db_table",
            f'{self.name} is apps.get_model("{app}.{self.name}")',
        ]
        asked += [
            f'issubclass({self.name}, apps.get_model("{base.app_label}", "{base.model_name}"))'
            for base in bases
        ]
        yield f"saw({self.chance.choice(asked)})"

    def all(self) -> Iterator[str]:
        """Read all rows."""
        ways = ["list(ROWS.values_list())", "list(ROWS)", "ROWS.count()", "list(ROWS.values())"]
        yield f"saw({self.chance.choice(ways).replace('ROWS', self.rows)})"

    def forward(self) -> Iterator[str]:
        """Go where a key or a relation leads."""
        if self.many and self.chance.random() < 0.4:
            name = self.chance.choice(self.many).name
            ways = [
                f"[list(one.{name}.all()) for one in ROWS]",
                f'[list(one.{name}.all()) for one in ROWS.prefetch_related("{name}")]',
                f"{self.name}.{name}.through._meta.label",
                f"ROWS.filter({name}__isnull=False).count()",
            ]
        elif self.keys:
            key = self.chance.choice(self.keys)
            name = key.name
            target = key.remote_field.model._meta
            there = f'apps.get_model("{target.app_label}", "{target.model_name}")'
            ways = [
                f"[one.{name} for one in ROWS]",
                f'[one.{name} for one in ROWS.select_related("{name}")]',
                f'[one.{name} for one in ROWS.prefetch_related("{name}")]',
                f"[type(one.{name}) is {there} for one in ROWS if one.{name}]",
                f"{self.name}.{name}.field.remote_field.model is {there}",
                f'list(ROWS.values_list("{name}__pk"))',
                f"ROWS.filter({name}__in={there}._base_manager.using(using).all()).count()",
            ]
        else:
            return
        yield f"saw({self.chance.choice(ways).replace('ROWS', self.rows)})"

    def backward(self) -> Iterator[str]:
        """Go where a relation leads back, which only other models say."""
        if not self.back:
            return
        relation = self.chance.choice(self.back)
        accessor, query = relation.get_accessor_name(), relation.name
        meta = relation.related_model._meta
        there = f'apps.get_model("{meta.app_label}", "{meta.model_name}")'
        ways = [
            f'hasattr({self.name}, "{accessor}")',
            f"ROWS.filter({query}__isnull=False).count()",
            f'list(ROWS.values_list("pk", "{query}{LOOKUP_SEP}pk").order_by("pk", "{query}"))',
            f'list(ROWS.annotate(found=models.Count("{query}")).values_list("pk", "found"))',
            f'{self.name}._meta.get_field("{query}").related_model is {there}',
        ]
        if relation.one_to_one:
            ways += [
                f'[hasattr(one, "{accessor}") for one in ROWS]',
                f'[getattr(one, "{accessor}", None) for one in ROWS]',
                f'[hasattr(one, "{accessor}") for one in ROWS.select_related("{accessor}")]',
                f'[isinstance(getattr(one, "{accessor}", None), {there}) for one in ROWS]',
            ]
        else:
            ways += [
                f"[list(one.{accessor}.all()) for one in ROWS]",
                f"[one.{accessor}.count() for one in ROWS]",
                f'[list(one.{accessor}.all()) for one in ROWS.prefetch_related("{accessor}")]',
                f"[one.{accessor}.model is {there} for one in ROWS]",
            ]
        if relation.one_to_one and self.chance.random() < 0.3:
            ways = (
                [f'[one for one in ROWS.select_related("{query}")]'] if query == accessor else ways
            )
        yield f"saw({self.chance.choice(ways).replace('ROWS', self.rows)})"

    def write(self) -> Iterator[str]:
        """Change rows."""
        if self.plain and self.chance.random() < 0.7:
            name = self.chance.choice(self.plain)
            yield f"saw({self.rows}.update({name}=None))"
        elif self.many:
            relation = self.chance.choice(self.many)
            if relation.remote_field.through._meta.auto_created:
                target = relation.remote_field.model._meta
                there = f'apps.get_model("{target.app_label}", "{target.model_name}")'
                yield f"for one in {self.rows}[:1]:"
                yield f"    one.{relation.name}.add(make({there}, using))"

    def of_rows(self) -> Iterator[str]:
        """Work with rows that were just made."""
        bases = [base._meta for base in self.model.__mro__[1:] if hasattr(base, "_meta")]
        ways = ["saw(rows)", "rows[0].save()", "rows[0].refresh_from_db()"]
        if bases:
            base = self.chance.choice(bases)
            there = f'apps.get_model("{base.app_label}", "{base.model_name}")'
            ways += [
                f"saw(isinstance(rows[0], {there}))",
                f"saw({there}._base_manager.using(using).filter(pk=rows[0].pk).count())",
            ] * 2
        ways += [f"saw(rows[0].{key.name})" for key in self.keys]
        yield self.chance.choice(ways)

    def delete(self) -> Iterator[str]:
        """Delete rows, with all that refers to them."""
        ways = [f"{self.rows}.filter(pk=rows[0].pk)", "rows[-1]"]
        yield "try:"
        yield f"    saw({self.chance.choice(ways)}.delete())"
        yield "except models.ProtectedError as error:"
        yield "    saw(type(error).__name__)"
        yield f"saw(list({self.rows}))"
        yield f"rows = [make({self.name}, using)]"


def apart(state: ProjectState) -> ProjectState:
    """Return a copy with fields of its own: renaming one changes those that refer to it."""
    copy = ProjectState(
        {key: model.clone() for key, model in state.models.items()}, state.real_apps
    )
    for model in copy.models.values():
        model.fields = {name: one.clone() for name, one in model.fields.items()}
    return copy


def is_sound(model: Any) -> bool:
    """Say whether Django's checks of a model find nothing wrong."""
    return not any(found.level >= ERROR for found in model.check(databases=["default"]))


def clashes(apps: Any) -> bool:
    """Say whether two tables have the same name."""
    tables = [
        model._meta.db_table.lower()
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    ]
    return len(tables) != len(set(tables))
