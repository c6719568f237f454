"""GRF101: a migration refers to a migration or an app that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_history
from workflow.rules.wording import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.graph import BrokenReference
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF101"
VERBS = {"dependencies": "depends on", "run_before": "must run before"}
CONSEQUENCE = "Django cannot load any migration of the project (NodeNotFoundError)."


@over_history(CODE, "reference to a migration or an app that does not exist", Severity.ERROR)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each reference that leads nowhere in one of the views."""
    for view in context.views:
        for broken in view.broken:
            app = broken.reference.app
            if context.in_project(broken.migration.app) and app not in context.contested:
                yield _finding(context, broken)


def _finding(context: Context, broken: BrokenReference) -> Finding:
    migration = context.history.migrations[broken.migration]
    app, name = str(broken.reference.app), str(broken.reference.name)
    if broken.app_exists:
        what = f"{app}.{name}, which does not exist"
        meant = nearest(name, _reachable(context, broken, app))
        advice = _advice(app, name, meant)
    else:
        what = f"{app}.{name}, but no app with migrations is labelled {app}"
        meant = nearest(app, tuple(context.history.apps))
        advice = _advice_for_app(app, name, meant)
    return finding(
        CODE,
        Severity.ERROR,
        migration,
        f"{migration.key} {VERBS[broken.kind]} {what}: {CONSEQUENCE}",
        instead(advice),
        line=broken.reference.line,
        names=[app, name],
        nearest=meant,
    )


def _reachable(context: Context, broken: BrokenReference, app: str) -> tuple[str, ...]:
    """Return the names of this app that may be meant: never the migration itself."""
    names = context.history.apps[app].migrations
    return tuple(name for name in names if (app, name) != broken.migration)


def _advice(app: str, name: str, meant: str | None) -> str:
    if meant:
        return f"name {app}.{meant}, the nearest that exists, or restore {name}."
    return f"restore {app}.{name}, or name a migration of {app} that exists."


def _advice_for_app(app: str, name: str, meant: str | None) -> str:
    if meant:
        return f"name the app {meant}, the nearest that exists, or add the app {app}."
    return f"add the app {app}, or take ({app!r}, {name!r}) out."
