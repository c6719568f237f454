"""What is known while a history is written: the state so far, and what may be added to it."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.checks import ERROR
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db.migrations.exceptions import InvalidBasesError
from django.db.migrations.state import ProjectState

from tests.fuzz.rendering.contrib import migrations_of
from tests.fuzz.rendering.names import evaluated

APPS = ("shop", "club", "people")
"""The apps of the project; ``people`` has the user model, where there is one."""

UNSOUND = (
    AssertionError, FieldDoesNotExist, FieldError, InvalidBasesError, LookupError, TypeError,
    ValueError,
)  # fmt: skip
"""What Django raises for a state that nobody can have."""


class Known:
    """The state after what is written so far. All choices come from one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.users = self.chance.random() < 0.2
        self.unmigrated = ("sites",) if self.chance.random() < 0.15 else ()
        self.state = ProjectState(real_apps=set(self.unmigrated))
        self.apps: Any = self.state.apps
        self.code: dict[str, str] = {}
        self._number = 0
        self._near: set[tuple[str, str]] = set()
        """The models that the last operations have to do with."""

    # What comes next

    def follow(self, app: str, texts: tuple[str, ...]) -> bool:
        """Go on to the state after some operations, if Django finds nothing wrong with it."""
        state = _with_own_fields(self.state)
        try:
            for text in texts:
                operation = evaluated(text, dict.fromkeys(self.code, _no_code))
                operation.state_forwards(app, state)
            with index_together_is_allowed():
                apps = state.apps
                own = [model for model in apps.get_models() if model._meta.app_label in APPS]
                if not all(map(_is_sound, own)) or _clashes(apps):
                    return False
        except UNSOUND:
            return False
        self._near = {
            key
            for models in (self.state.models, state.models)
            for model in models.values()
            if any(f'"{model.name}"' in text for text in texts)
            for key in ((model.app_label, model.name_lower), *_targets(model))
        }
        self.state, self.apps = state, apps
        return True

    def follow_contrib(self, app: str) -> None:
        """Go on to the state after all migrations of one of Django's apps."""
        for migration in migrations_of(app):
            self.state = migration.mutate_state(self.state, preserve=False)
        self.apps = self.state.apps

    def new(self, *words: str) -> str:
        """Return a name that nothing has."""
        self._number += 1
        return f"{self.chance.choice(words)}{self._number}"

    def often(self, share: float) -> bool:
        """Say yes in a share of all cases."""
        return self.chance.random() < share

    # What there is

    def own(self, *, tables: bool = True) -> list[tuple[str, Any]]:
        """Return the project's models, each with its app: those with a table, or proxies too."""
        return [
            (app, model)
            for (app, _), model in self.state.models.items()
            if app in APPS and not (tables and model.options.get("proxy"))
        ]

    def model(self, *, tables: bool = True) -> tuple[str, Any] | None:
        """Return one of the project's models, often one near to what was done last."""
        own = self.own(tables=tables)
        near = [(app, model) for app, model in own if (app, model.name_lower) in self._near]
        if near and self.often(0.4):
            own = near
        return self.chance.choice(own) if own else None

    def fields(self, model: Any, *, relations: bool) -> list[tuple[str, Any]]:
        """Return a model's fields that may be changed: relations, or all others."""
        return [
            (name, field)
            for name, field in model.fields.items()
            if not field.primary_key
            and bool(field.remote_field) == relations
            and name != "_order"
            and not getattr(field.remote_field, "parent_link", False)
        ]

    def field(self, *, relations: bool) -> tuple[str, Any, str, Any] | None:
        """Return the app, the model, the name and the field of one that may be changed."""
        found = [
            (app, model, name, field)
            for app, model in self.own()
            for name, field in self.fields(model, relations=relations)
        ]
        return self.chance.choice(found) if found else None

    def two_fields(self) -> tuple[str, Any, list[str]] | None:
        """Return the app, the model and the names of two fields that an index may have."""
        app, model = self.model() or ("", None)
        if model is None:
            return None
        names = [
            name
            for name, field in model.fields.items()
            if not field.many_to_many
            and field.get_internal_type() not in {"TextField", "JSONField"}
            and name not in {"_order", "pk"}
        ]
        self.chance.shuffle(names)
        return (app, model, names[:2]) if len(names) > 1 else None


@contextmanager
def index_together_is_allowed() -> Iterator[None]:
    """Let Django 4.2 not say that it will go."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'index_together' is deprecated")
        yield


def _targets(model: Any) -> Iterator[tuple[str, str]]:
    """Yield the keys of the models that a model refers to."""
    for field in model.fields.values():
        app, _, name = str(getattr(field.remote_field, "model", "")).lower().partition(".")
        yield app, name


def _no_code(*_: Any) -> None:
    """Stand for the code of a migration, which no state depends on."""


def _with_own_fields(state: ProjectState) -> ProjectState:
    """Return a copy with fields of its own: renaming one changes those that refer to it."""
    copy = ProjectState({key: one.clone() for key, one in state.models.items()}, state.real_apps)
    for model in copy.models.values():
        model.fields = {name: field.clone() for name, field in model.fields.items()}
    return copy


def _is_sound(model: Any) -> bool:
    """Say whether Django's checks of a model find nothing wrong."""
    return not any(found.level >= ERROR for found in model.check(databases=["default"]))


def _clashes(apps: Any) -> bool:
    """Say whether two tables have the same name."""
    tables = [
        model._meta.db_table.lower()
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    ]
    return len(tables) != len(set(tables))
