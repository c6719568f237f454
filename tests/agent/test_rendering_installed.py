"""With apps installed, and with some of them that have no migrations, all is as with Django."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from _migration_workflow_agent.migrating import Recorder, migrate
from _migration_workflow_agent.rendering import Executor
from django.apps import AppConfig, apps
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import post_migrate, pre_migrate
from django.test.utils import override_settings

INSTALLED = ["django.contrib.contenttypes", "django.contrib.auth"]

SIDES = {"default": MigrationExecutor, "other": Executor}
"""The databases, and what runs a plan on each."""


class Visits(AppConfig):
    """An app without migrations."""

    path = "."


@contextmanager
def visits() -> Iterator[Any]:
    """Install an app without migrations, of which a model inherits from one that has some."""
    from django.contrib.auth.models import Group

    app: Any = Visits("visits", ModuleType("visits"))
    with override_settings(INSTALLED_APPS=[*INSTALLED, app], MIGRATION_MODULES={"visits": None}):

        class Visitors(Group):
            class Meta:
                app_label = "visits"

        try:
            yield Visitors
        finally:
            del apps.all_models["visits"], Group.visitors


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    """Have both databases at the same migration: some are left, but none of ``contenttypes``."""
    with override_settings(INSTALLED_APPS=INSTALLED):
        for alias in SIDES:
            executor = MigrationExecutor(connections[alias])
            since = ("auth", "0010_alter_group_name_max_length")
            ran(alias, MigrationExecutor, executor.migration_plan([since]))
        yield


def ran(alias: str, kind: Any, plan: Any = None) -> list[str]:
    """Run a plan, or all that is pending; return the statements."""
    statements: list[str] = []

    def note(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    connection = connections[alias]
    connection.ensure_connection()
    recorder = Recorder(SimpleNamespace(event=lambda **_: None), "trying")
    with connection.execute_wrapper(note):
        migrate(connection, recorder, plan, kind)
    return statements


@contextmanager
def heard(signal: Any, receiver: Any) -> Iterator[None]:
    signal.connect(receiver)
    try:
        yield
    finally:
        signal.disconnect(receiver)


def test_whoever_hears_of_a_plan_goes_where_relations_lead_back() -> None:
    """The names of the others are not asked for."""
    seen: dict[str, list[Any]] = {alias: [] for alias in SIDES}

    def look(apps: Any, using: str, **_: Any) -> None:
        group = apps.get_model("auth", "group")
        seen[using].append(hasattr(group, "user_set"))
        seen[using].append([one.user_set.count() for one in group.objects.using(using).all()])

    for alias in SIDES:
        with connections[alias].cursor() as cursor:
            cursor.execute("INSERT INTO auth_group (name) VALUES ('readers')")
    with heard(pre_migrate, look):
        django, ours = (ran(alias, kind) for alias, kind in SIDES.items())
    assert ours == django
    assert seen["other"] == seen["default"] == [True, [0]] * len(INSTALLED)


def test_a_model_without_migrations_inherits_from_one_with_some() -> None:
    seen: dict[str, list[Any]] = {alias: [] for alias in SIDES}

    def look(apps: Any, using: str, **_: Any) -> None:
        group, visitors = apps.get_model("auth", "group"), apps.get_model("visits", "visitors")
        seen[using].append(issubclass(visitors, group))
        seen[using].append([model._meta.label for model in apps.get_models()])
        seen[using].append([field.name for field in visitors._meta.get_fields()])

    with visits(), heard(pre_migrate, look), heard(post_migrate, look):
        django, ours = (ran(alias, kind) for alias, kind in SIDES.items())
    assert ours == django
    assert ours
    assert seen["other"] == seen["default"]
    assert seen["other"][0] is True
