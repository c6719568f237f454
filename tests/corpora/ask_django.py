"""Prints, as JSON, what Django's own loader makes of an installed project.

It runs in that project's Python: standard library and Django only. ``sys.argv[1]`` is the
settings module; without one, every contrib app that can be imported is installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any


def configure(settings_module: str | None) -> None:
    """Set Django up with the given settings, or with its own contrib apps."""
    import django

    if settings_module:
        os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    else:
        from django.conf import settings

        names = ["admin", "auth", "contenttypes", "flatpages", "redirects", "sessions", "sites"]
        settings.configure(
            INSTALLED_APPS=[f"django.contrib.{name}" for name in names],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        )
    django.setup()


def loaded(*, replace: bool) -> Any:
    """Return a loader that has asked no database."""
    from django.db.migrations.loader import MigrationLoader

    try:
        return MigrationLoader(None, ignore_no_migrations=True, replace_migrations=replace)
    except TypeError:
        return MigrationLoader(None, ignore_no_migrations=True)


def folders() -> dict[str, Any]:
    """Return the migrations folder and package of every installed app, by label."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    result = {}
    for config in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(config.label)
        path = None
        if module:
            try:
                spec = importlib.util.find_spec(module)
            except ModuleNotFoundError:
                spec = None
            path = str(Path(spec.origin).parent) if spec and spec.origin else None
        result[config.label] = {"name": config.name, "migrations": path, "path": config.path}
    return result


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; what it cannot hold by its kind."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value if not hasattr(value, "_proxy____args") else "<lazy>"
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return "<object>"


def field_row(field: Any) -> dict[str, Any]:
    """Return what is compared of one field."""
    _, path, _, kwargs = field.deconstruct()
    return {"path": path, "kwargs": {key: plain(value) for key, value in kwargs.items()}}


def model_row(state: Any) -> dict[str, Any]:
    """Return what is compared of one model."""
    options = state.options
    return {
        "name": state.name,
        "fields": {name: field_row(field) for name, field in state.fields.items()},
        "indexes": sorted(index.name for index in options.get("indexes", [])),
        "constraints": sorted(item.name for item in options.get("constraints", [])),
        "unique_together": sorted(sorted(item) for item in options.get("unique_together") or []),
        "db_table": options.get("db_table"),
        "proxy": bool(options.get("proxy")),
        "swappable": options.get("swappable"),
        "bases": [base if isinstance(base, str) else base.__name__ for base in state.bases],
    }


def answer() -> dict[str, Any]:
    """Return everything that is compared."""
    import django

    loader = loaded(replace=True)
    graph = loader.graph
    full = loaded(replace=False)
    state = loader.project_state()
    return {
        "django": django.get_version(),
        "apps": folders(),
        "nodes": sorted(graph.nodes),
        "edges": sorted(
            (list(key), list(parent.key))
            for key, node in graph.node_map.items()
            for parent in node.parents
        ),
        "leaves": sorted(graph.leaf_nodes()),
        "plan": [list(key) for key in graph._generate_plan(graph.leaf_nodes(), True)],
        "full_nodes": sorted(full.graph.nodes),
        "unmigrated": sorted(loader.unmigrated_apps),
        "models": {".".join(key): model_row(model) for key, model in state.models.items()},
    }


if __name__ == "__main__":
    real = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    configure(sys.argv[1] if len(sys.argv) > 1 else None)
    json.dump(answer(), real)
