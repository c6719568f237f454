"""GRF120: a package of the same name hides a migration from Django."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.rules.registry import over_history
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import App
    from workflow.rules.context import Context

CODE = "GRF120"


@over_history(CODE, "migration hidden by a package", Severity.ERROR)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each migration that Django passes over."""
    for app in context.history.apps.values():
        if app.in_project and app.has_init:
            for name in app.hidden:
                yield _finding(app, name)


def _finding(app: App, name: str) -> Finding:
    return Finding(
        CODE,
        Severity.ERROR,
        f"{app.path}/{name}.py stands beside a package {name}/: Python sees the package alone, so "
        f"Django never applies {app.label}.{name}, and whatever depends on it does not load.",
        instead(f"rename the folder {name}/, or take its __init__.py away."),
        app=app.label,
        migration=name,
        path=f"{app.path}/{name}.py",
        line=1,
    )
