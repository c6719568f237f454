"""Do the models say anything that the migrations do not?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflow.gates.pre_check import listed, unloadable
from workflow.outcome import Finding, Severity, StepResult

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "drift"


def run(context: Context) -> StepResult:
    """Compare models and migrations as ``makemigrations`` does, and write nothing."""
    history = context.state["history"]
    if history is not None:
        return unloadable(NAME, context, history)
    return context.judged(NAME, find_drift(context, own=Severity.ERROR))


def find_drift(context: Context, *, own: Severity) -> Iterator[Finding]:
    """Yield one finding for each app whose models changed; ``own`` weighs the project's own."""
    answer = context.agent.ask("drift", database=context.settings.database)
    for app, change in answer["changes"].items():
        operations = change["operations"]
        if not change["own"]:
            yield foreign_drift(app, operations)
            continue
        yield Finding(
            "DRF101",
            own,
            f"The models of {app} say what no migration does: {listed(operations)}. A database "
            "migrated to the end is not the one that the code expects.",
            f"migration-workflow makemigrations {app}",
            app=app,
            data={"operations": operations},
        )


def foreign_drift(app: str, operations: list[str]) -> Finding:
    """Return the finding for an installed app whose models changed under its migrations."""
    return Finding(
        "DRF103",
        Severity.WARNING,
        f"The installed app {app} has changes without a migration: {listed(operations)}. A "
        "migration for it would be written among the installed packages and be lost with them.",
        f"Set what differs in your project (often default_auto_field in the AppConfig of {app}), "
        "or give the app a migrations package of yours in MIGRATION_MODULES.",
        app=app,
        data={"operations": operations},
    )
