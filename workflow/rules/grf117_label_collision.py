"""GRF117: two migration folders belong to apps of the same label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.rules.registry import over_history
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import App
    from workflow.rules.context import Context

CODE = "GRF117"


@over_history(CODE, "same label for two apps", Severity.WARNING)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each further folder that claims a label."""
    for app in context.history.collisions:
        if app.in_project:
            yield _finding(app, context.history.apps[app.label])


def _finding(second: App, first: App) -> Finding:
    return Finding(
        CODE,
        Severity.WARNING,
        f"{first.path} and {second.path} both hold migrations of an app labelled {first.label}: "
        "Django starts with one of them only, and the contradictions of neither are checked.",
        instead(
            f"give the app in {second.root} a `label` of its own in its AppConfig, or exclude "
            "the folder that is no part of this project."
        ),
        app=first.label,
        path=second.path,
        data={"first": first.path, "second": second.path},
    )
