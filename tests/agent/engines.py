"""The agent's connection on each real engine, and small tables made by Django's operations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.db import connections, migrations, models
from django.db.migrations.state import ProjectState

ALIAS = "engine"
APP = "shop"


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """Yield Django's connection to the database of a URL, as one more alias."""
    parts = urlsplit(url)
    more = parse_qs(parts.query)
    settings.DATABASES[ALIAS] = {
        "ENGINE": f"django.db.backends.{parts.scheme.replace('sqlite', 'sqlite3')}",
        "NAME": parts.path[1:],
        "USER": parts.username or "",
        "HOST": more["host"][0] if "host" in more else "",
    }
    connections.settings = connections.configure_settings(settings.DATABASES)
    try:
        connection = connections[ALIAS]
        yield connection
        connection.close()
    finally:
        del connections[ALIAS], settings.DATABASES[ALIAS]
        connections.settings = connections.configure_settings(settings.DATABASES)


def check(model: str, condition: Any) -> Any:
    """Return the operation that adds a check to a model."""
    name = "condition" if django.VERSION >= (5, 1) else "check"
    constraint = models.CheckConstraint(name="kept", **{name: condition})
    return migrations.AddConstraint(model, constraint)


class Tables:
    """A database that is changed by operations of one app, each in a migration of its own."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.state = ProjectState()
        self.number = 0

    def migration(self, *operations: Any) -> Any:
        """Return the next migration of the app."""
        self.number += 1
        migration: Any = migrations.Migration(f"{self.number:04}_step", APP)
        migration.operations = list(operations)
        return migration

    def apply(self, *operations: Any) -> Any:
        """Do operations as one migration; return it."""
        migration = self.migration(*operations)
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            self.state = migration.apply(self.state.clone(), editor)
        return migration

    def create(self, name: str, *fields: tuple[str, Any], **options: Any) -> None:
        """Create a model with a number of its own as the key."""
        key: tuple[str, Any] = ("id", models.BigAutoField(primary_key=True))
        self.apply(migrations.CreateModel(name, [key, *fields], options=options))

    def model(self, name: str) -> Any:
        """Return a model as it is now."""
        return self.state.apps.get_model(APP, name)

    def rows(self, name: str) -> Any:
        """Return the manager of a model's rows."""
        return self.model(name)._base_manager.using(self.connection.alias)
