"""A project with Django's own apps and a user model of its own."""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.migrations.loader import MigrationLoader
from django.test.utils import override_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALLED = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.sites",
    "tests.fuzz.rendering.people",
]


@contextmanager
def project() -> Iterator[None]:
    """Have the apps installed. The user model comes first: the apps ask for it."""
    with override_settings(AUTH_USER_MODEL="people.User"):
        with override_settings(INSTALLED_APPS=INSTALLED):
            yield


@lru_cache(maxsize=1)
def _graph() -> Any:
    return MigrationLoader(None).graph


def migrations_of(app: str) -> list[Any]:
    """Return an app's own migrations in their order, as nobody else has them."""
    graph = _graph()
    found = []
    for key in graph.forwards_plan(graph.leaf_nodes(app)[0]):
        if key[0] == app:
            migration = type(graph.nodes[key])(key[1], app)
            migration.operations = deepcopy(migration.operations)
            found.append(migration)
    return found
