"""``make`` and ``saw`` for the code of migrations."""

from __future__ import annotations

import datetime
import decimal
import itertools
import uuid
from typing import Any

from django.db import models

CREATED = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)

VALUES: dict[str, Any] = {
    "BooleanField": True,
    "DateField": CREATED.date(),
    "DateTimeField": CREATED,
    "JSONField": {"a": [1, None]},
}


class Hands:
    """What one run of a history has made and seen."""

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
            if isinstance(field, models.AutoField) or field.name == "_order":
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
        if kind == "UUIDField":
            return uuid.UUID(int=number)
        if kind == "DecimalField":
            return decimal.Decimal(number)
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
