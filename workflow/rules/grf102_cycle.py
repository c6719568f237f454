"""GRF102: migrations wait for one another in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_history
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import History, Migration, MigrationKey
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF102"
Edge = tuple["MigrationKey", "MigrationKey"]


@over_history(CODE, "migrations that wait for one another", Severity.ERROR)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each knot, shown as its shortest cycle."""
    for cycles in context.cycles:
        for cycle in cycles:
            if len(cycle) > 1 and any(context.in_project(key.app) for key in cycle):
                yield _finding(context, cycle)


def _finding(context: Context, cycle: tuple[MigrationKey, ...]) -> Finding:
    history = context.history
    edges = list(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    child, parent = max(edges, key=lambda edge: _suspicion(context, edge))
    written = {edge: _written(history, *edge) for edge in edges}
    migration, line = written[child, parent]
    circle = " → ".join(str(key) for key in (*cycle, cycle[0]))
    return finding(
        CODE,
        Severity.ERROR,
        migration,
        f"{child} waits for itself: {circle}. No order satisfies this, so Django refuses to run "
        f"any migration (CircularDependencyError).",
        instead(f"take out one of these references, probably the one from {child} to {parent}."),
        line=line,
        cycle=[list(key) for key in cycle],
        places=[{"path": one.path, "line": where} for one, where in written.values()],
    )


def _suspicion(context: Context, edge: Edge) -> tuple[bool, bool, bool]:
    """Rate how likely an edge is the wrong one: an older migration waits for a newer one."""
    child, parent = edge
    return (
        context.in_project(child.app),
        child.app == parent.app and child.name < parent.name,
        child.app != parent.app,
    )


def _written(history: History, child: MigrationKey, parent: MigrationKey) -> tuple[Migration, int]:
    """Return the migration and the line that say so: the child's, or ``run_before``'s."""
    migration = history.migrations[child]
    for reference in migration.dependencies.items:
        if reference.key == parent:
            return migration, reference.line
    for reference in history.migrations[parent].run_before.items:
        if reference.key == child:
            return history.migrations[parent], reference.line
    for reference in migration.dependencies.items:
        if reference.app == parent.app:
            return migration, reference.line
    return migration, migration.dependencies.line
