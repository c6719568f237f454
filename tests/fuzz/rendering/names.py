"""The names that the text of a history refers to, beside those of Django."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import django
from django.conf import settings
from django.core import validators
from django.db import migrations, models


class Things(models.Manager):  # type: ignore[type-arg]
    """A manager that migrations have as well."""

    use_in_migrations = True


class Spoken:
    """A base that is no model."""


class OwnField(models.CharField):  # type: ignore[type-arg]
    """A field that isn't Django's, with an argument of its own."""

    def __init__(self, *args: Any, loud: bool = False, **more: Any) -> None:
        self.loud = loud
        super().__init__(*args, **more)

    def deconstruct(self) -> Any:
        """Return the field's text with its own argument."""
        name, path, args, more = super().deconstruct()
        return name, path, args, {**more, "loud": self.loud}


def check(condition: Any, name: str) -> Any:
    """Return a check, under whatever name this Django has the argument."""
    keyword = "condition" if django.VERSION >= (5, 1) else "check"
    return models.CheckConstraint(**{keyword: condition}, name=name)


NAMES: dict[str, Any] = {
    "OwnField": OwnField,
    "Spoken": Spoken,
    "Things": Things,
    "check": check,
    "datetime": datetime,
    "decimal": decimal,
    "migrations": migrations,
    "models": models,
    "settings": settings,
    "uuid": uuid,
    "validators": validators,
}


def evaluated(text: str, more: dict[str, Any]) -> Any:
    """Return an operation from its text, which may refer to more names."""
    return eval(text, {**NAMES, **more})
