"""The agent's modules under the name they have in a project, on a Django with two databases."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings

import workflow

PACKAGE = "_migration_workflow_agent"


if PACKAGE not in sys.modules:
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(Path(workflow.__file__).parent / "agent")]
    sys.modules[PACKAGE] = package

if not settings.configured:
    settings.configure(
        DATABASES={
            alias: {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": ":memory:",
                "OPTIONS": {"timeout": 0.01},
            }
            for alias in ("default", "other")
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SECRET_KEY="secret",
        USE_TZ=True,
    )
    django.setup()


@pytest.fixture(autouse=True)
def databases(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Each alias with the file that it means in this test. None of them is there yet."""
    from django.db import connections

    paths = {alias: tmp_path / f"{alias}.sqlite3" for alias in ("default", "other")}
    for alias, path in paths.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = settings.DATABASES[alias]["NAME"] = path
    yield paths
    for alias in paths:
        connections[alias].close()


@pytest.fixture
def connection() -> Any:
    """The default database, open."""
    from django.db import connections

    connections["default"].ensure_connection()
    return connections["default"]
