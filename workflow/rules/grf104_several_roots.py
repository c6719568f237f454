"""GRF104: an app has several roots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_history
from workflow.rules.wording import instead, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.graph import Graph
    from workflow.history.model import Migration, MigrationKey
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF104"


@over_history(CODE, "several roots in one app", Severity.WARNING)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each app that starts in more than one migration."""
    for label, app in context.history.apps.items():
        if app.in_project and label not in context.unsettled_apps | context.unread_apps:
            for view in context.views:
                roots = _roots(view, label)
                if len(roots) > 1:
                    yield _finding(context, label, roots)
                    break


def _roots(view: Graph, label: str) -> tuple[MigrationKey, ...]:
    return () if label in view.open_apps else view.roots(label)


def _finding(context: Context, label: str, roots: tuple[MigrationKey, ...]) -> Finding:
    stray = max(
        (context.history.migrations[key] for key in roots),
        key=lambda one: (not _is_first(one), context.order.place_of(one.key)),
    )
    return finding(
        CODE,
        Severity.WARNING,
        stray,
        f"{label} has {len(roots)} roots, {listed(key.name for key in roots)}: nothing keeps "
        f"{stray.key.name} from running first, and `__first__` means {roots[0].name} alone.",
        instead(f"let {stray.key.name} depend on the migration of {label} that it builds on."),
        line=stray.dependencies.line,
        roots=[key.name for key in roots],
        paths=[context.path_of(key) for key in roots],
    )


def _is_first(migration: Migration) -> bool:
    """Return whether a migration says by flag or name that it is the first of its app."""
    return migration.initial is True or migration.key.name.endswith("_initial")
