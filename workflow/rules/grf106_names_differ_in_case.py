"""GRF106: the names of two migrations differ in upper and lower case only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_history
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import App
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF106"


@over_history(CODE, "names that differ in case only", Severity.WARNING)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each migration whose name is another's in other case."""
    for app in context.history.apps.values():
        if app.in_project:
            yield from _twins(context, app)


def _twins(context: Context, app: App) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name in app.migrations:
        first = seen.setdefault(name.lower(), name)
        if first != name:
            yield _finding(context, app.label, first, name)


def _finding(context: Context, label: str, first: str, second: str) -> Finding:
    return finding(
        CODE,
        Severity.WARNING,
        context.migration(label, second),
        f"{label}.{first} and {label}.{second} differ in case only: a checkout on macOS or "
        "Windows holds just one of the two files.",
        instead(f"rename the one of the two that nobody has applied yet, {second} for example."),
        line=1,
        names=[first, second],
    )
