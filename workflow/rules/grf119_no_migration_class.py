"""GRF119: a file in a migrations folder holds no Migration class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.rules.registry import over_history
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import App
    from workflow.rules.context import Context

CODE = "GRF119"


@over_history(CODE, "file without a Migration class", Severity.ERROR)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each file that stands beside migrations and certainly is none."""
    for app in context.history.apps.values():
        if app.in_project and app.has_init and app.migrations:
            for name in app.strays:
                yield _finding(app, name)


def _finding(app: App, name: str) -> Finding:
    return Finding(
        CODE,
        Severity.ERROR,
        f"{app.path}/{name}.py stands among the migrations of {app.label} and has no Migration "
        "class: Django cannot load any migration of the project (BadMigrationError).",
        instead(f"begin its name with an underscore, as _{name}.py, or move it out of the folder."),
        app=app.label,
        migration=name,
        path=f"{app.path}/{name}.py",
        line=1,
    )
