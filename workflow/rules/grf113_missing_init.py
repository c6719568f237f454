"""GRF113: a migrations folder has migrations but no ``__init__.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.rules.registry import over_history
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import App
    from workflow.rules.context import Context

CODE = "GRF113"


@over_history(CODE, "migrations folder without __init__.py", Severity.ERROR)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each folder of migrations that Python does not see as a package."""
    for app in context.history.apps.values():
        if app.in_project and app.migrations and not app.has_init:
            yield _finding(context, app)


def _finding(context: Context, app: App) -> Finding:
    count = len(app.migrations)
    first = context.migration(app.label, app.migrations[0])
    return Finding(
        CODE,
        Severity.ERROR,
        f"{app.path} holds {count} migration{'s' if count > 1 else ''} but no __init__.py: Django "
        f"takes {app.label} for an app without migrations and never applies them.",
        instead(f"create an empty {app.path}/__init__.py and add it to git.", "pre-check"),
        app=app.label,
        path=first.path,
        line=1,
        data={"missing": f"{app.path}/__init__.py", "migrations": list(app.migrations)},
    )
