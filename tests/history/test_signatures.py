"""What is said of Django's classes is what the installed Django says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from workflow.history.signatures import (
    FIELDS,
    OPERATIONS,
    POSTGRES_OPERATIONS,
    STATELESS,
    operation_kind,
)

django_migrations = pytest.importorskip("django.db.migrations")
django_models = pytest.importorskip("django.db.models")


def positional(cls: Any) -> tuple[str, ...]:
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return tuple(
        item.name for item in parameters if item.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    )


def operations() -> Iterator[tuple[str, Any]]:
    for name in dir(django_migrations):
        cls = getattr(django_migrations, name)
        if inspect.isclass(cls) and hasattr(cls, "state_forwards"):
            yield name, cls


def test_every_operation_of_django_is_known() -> None:
    assert {name for name, _ in operations()} <= OPERATIONS.keys()


@pytest.mark.parametrize(("name", "cls"), [*operations()])
def test_parameters_of_operations(name: str, cls: Any) -> None:
    assert positional(cls) == OPERATIONS[name]


def fields() -> Iterator[tuple[str, Any]]:
    for name in dir(django_models):
        cls = getattr(django_models, name)
        if inspect.isclass(cls) and issubclass(cls, django_models.Field):
            yield name, cls


def test_every_field_of_django_is_known() -> None:
    assert {name for name, _ in fields()} <= FIELDS.keys()


@pytest.mark.parametrize(("name", "cls"), [*fields()])
def test_parameters_of_fields(name: str, cls: Any) -> None:
    known = FIELDS[name]
    assert known[: len(positional(cls))] == positional(cls)


def test_stateless_operations() -> None:
    assert {*OPERATIONS, *POSTGRES_OPERATIONS} >= STATELESS
    assert "CreateModel" not in STATELESS


PATHS = {
    "django.db.migrations.AddField": "AddField",
    "django.db.migrations.operations.AddField": "AddField",
    "django.db.migrations.operations.fields.AddField": "AddField",
    "django.db.migrations.operations.models.CreateModel": "CreateModel",
    "django.db.migrations.operations.special.RunSQL": "RunSQL",
    "django.contrib.postgres.operations.TrigramExtension": "TrigramExtension",
    "django.contrib.postgres.operations.AddField": None,
    "django.db.migrations.Nope": None,
    "x.AddField": None,
    ".AddField": None,
}


@pytest.mark.parametrize(("path", "kind"), PATHS.items())
def test_paths_of_operations(path: str, kind: str | None) -> None:
    assert operation_kind(path) == kind
