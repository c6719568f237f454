"""Where models are made and deleted, and which modules hold their classes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workflow.history.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.history.model import App, Migration, MigrationKey, Operation

CONTRIB_MODELS = {
    "auth": frozenset({"User", "Group", "Permission"}),
    "contenttypes": frozenset({"ContentType"}),
    "sites": frozenset({"Site"}),
    "sessions": frozenset({"Session"}),
}
"""The models of Django's own apps that data migrations use most."""


class Deletion(NamedTuple):
    """Where a model is deleted."""

    migration: Migration
    operation: Operation


class Census:
    """What all migrations say of models, in no order. Made when asked for."""

    def __init__(self, apps: Mapping[str, App], migrations: tuple[Migration, ...]) -> None:
        self.apps = apps
        self.migrations = migrations

    @cached_property
    def creators(self) -> dict[tuple[str, str], MigrationKey]:
        """The first migration that creates each model or renames one to it."""
        found: dict[tuple[str, str], MigrationKey] = {}
        for migration in self.migrations:
            for operation in migration.operations:
                name = operation.text("name" if operation.kind == "CreateModel" else "new_name")
                if operation.kind in {"CreateModel", "RenameModel"} and isinstance(name, str):
                    found.setdefault((migration.key.app, name.lower()), migration.key)
        return found

    @cached_property
    def deletions(self) -> dict[tuple[str, str], Deletion]:
        """The last operation that deletes each model."""
        return {
            (migration.key.app, str(operation.text("name")).lower()): Deletion(migration, operation)
            for migration in self.migrations
            for operation in migration.operations
            if operation.kind == "DeleteModel"
        }

    @cached_property
    def model_modules(self) -> tuple[tuple[str, str], ...]:
        """The modules that hold models, as ``shop.models``, each with its app's label."""
        modules = [
            (app.module.rpartition(".")[0] + ".models", label) for label, app in self.apps.items()
        ]
        contrib = [(f"django.contrib.{label}.models", label) for label in CONTRIB_MODELS]
        return (*modules, *contrib)

    def model_class(self, path: str) -> tuple[str, str] | None:
        """Return app and model where a dotted path certainly is a model class."""
        name = path.rpartition(".")[2]
        if not name[:1].isupper() or ".models." not in path:
            return None
        for module, label in self.model_modules:
            if path.startswith(f"{module}.") and (
                name in CONTRIB_MODELS.get(label, ()) or (label, name.lower()) in self.creators
            ):
                return label, name
        return None

    @cached_property
    def opaque_apps(self) -> frozenset[str]:
        """Apps in which some operation is not known, so that any model may be made there."""
        return frozenset(
            migration.key.app
            for migration in self.migrations
            if migration.header.alters_state is not False
            or any(isinstance(operation.kind, Unknown) for operation in migration.operations)
        )
