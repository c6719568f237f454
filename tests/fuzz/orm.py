"""What the text of a history refers to: a manager, a base, and what its code does with rows."""

from __future__ import annotations

import datetime
import itertools
from copy import deepcopy
from functools import lru_cache
from typing import Any

import django
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

CREATED = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)

VALUES: dict[str, Any] = {
    "BooleanField": True,
    "DateField": CREATED.date(),
    "DateTimeField": CREATED,
}


class Things(models.Manager):  # type: ignore[type-arg]
    """A manager that migrations have as well."""

    use_in_migrations = True


class Spoken:
    """A base that is no model."""


def check(condition: Any, name: str) -> Any:
    """Return a check, under whatever name this Django has the argument."""
    keyword = "condition" if django.VERSION >= (5, 1) else "check"
    return models.CheckConstraint(**{keyword: condition}, name=name)


def nothing(*_: Any) -> None:
    """Do nothing."""


NAMES: dict[str, Any] = {
    "Spoken": Spoken,
    "Things": Things,
    "check": check,
    "datetime": datetime,
    "migrations": migrations,
    "models": models,
    "settings": settings,
}


class Hands:
    """``make`` and ``saw`` for the code of one run."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.seen: list[Any] = []

    def saw(self, value: Any) -> None:
        """Remember what code saw, apart from the classes of this run."""
        self.seen.append(told(value))

    def make(self, model: Any, using: str, making: tuple[Any, ...] = ()) -> Any:
        """Make a row, with the rows that it refers to."""
        values = {}
        for field in model._meta.concrete_fields:
            if isinstance(field, models.AutoField) or type(field).__name__ == "OrderWrt":
                continue
            if not field.remote_field:
                values[field.name] = self._value(field)
            elif not field.remote_field.parent_link:
                target = field.remote_field.model
                if target not in (*making, model) and len(making) < 3:
                    values[field.name] = self.make(target, using, (*making, model))
        return model._base_manager.using(using).create(**values)

    def _value(self, field: Any) -> Any:
        kind = field.get_internal_type()
        if kind in VALUES:
            return VALUES[kind]
        number = next(self.numbers)
        return number if "Integer" in kind else str(number)


def told(value: Any) -> Any:
    """Return a value in a form that is the same for the classes of two runs."""
    if isinstance(value, models.Model):
        return f"{value._meta.label} {value.pk}"
    if isinstance(value, type) and hasattr(value, "_meta"):
        return value._meta.label
    if isinstance(value, (list, tuple)):
        return [told(one) for one in value]
    if isinstance(value, dict):
        return [(told(key), told(one)) for key, one in value.items()]
    return str(value)


@lru_cache(maxsize=1)
def _graph() -> Any:
    return MigrationLoader(None).graph


def contrib(app: str) -> list[Any]:
    """Return Django's own migrations of an app, in their order, as nobody else has them."""
    graph = _graph()
    keys = [key for key in graph.forwards_plan(graph.leaf_nodes(app)[0]) if key[0] == app]
    found = []
    for key in keys:
        migration = type(graph.nodes[key])(key[1], app)
        migration.operations = deepcopy(migration.operations)
        found.append(migration)
    return found
