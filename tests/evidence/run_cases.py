"""Runs in a process of its own: every case on one database, watched as a rehearsal is.

Reads ``{"folder": …, "database": {…}, "apps": […]}`` from standard input: a folder of apps, each
with the migrations ``0001_initial`` and ``0002_change``. Prints the evidence of the changes.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

AGENT = Path(__file__).parents[2] / "workflow" / "agent"
PACKAGE = "_migration_workflow_agent"


class Silence:
    """A host that does not listen."""

    def event(self, **said: object) -> None:
        """Hear nothing."""


def main() -> None:
    """Run the cases."""
    order = json.load(sys.stdin)
    sys.path.insert(0, order["folder"])
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(AGENT)]
    sys.modules[PACKAGE] = package
    configure(order)
    json.dump(run(), sys.stdout)


def configure(order: dict[str, Any]) -> None:
    """Configure Django for the cases."""
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": order["database"]},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.postgres"] * order["postgresql"] + order["apps"],
        SECRET_KEY="secret",
        USE_TZ=True,
    )
    django.setup()


def run() -> dict[str, Any]:
    """Apply the first migrations unseen, then the changes, watched; return their evidence."""
    from _migration_workflow_agent.migrating import Recorder, migrate
    from _migration_workflow_agent.scratch_databases import engine
    from _migration_workflow_agent.watching import watchers_of
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    nodes = MigrationLoader(connection).graph.nodes
    plans: dict[str, list[Any]] = {"0001_initial": [], "0002_change": []}
    for (_, name), migration in sorted(nodes.items()):
        plans[name].append((migration, False))
    migrate(connection, Recorder(Silence(), "preparing"), plans["0001_initial"])
    recorder = Recorder(Silence(), "rehearsing", watchers_of(connection))
    migrate(connection, recorder, plans["0002_change"])
    return {"engine": engine(connection), "rows": recorder.rows}


if __name__ == "__main__":
    main()
