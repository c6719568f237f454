"""GRF103: an app has several leaf nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_history
from workflow.rules.wording import instead, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import MigrationKey
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF103"


@over_history(CODE, "several leaf nodes in one app", Severity.ERROR)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each app that ends in more than one migration."""
    for label, app in context.history.apps.items():
        if not app.in_project or label in context.contested | context.unread_apps:
            continue
        for view in context.views:
            leaves = view.leaves(label)
            if len(leaves) > 1 and label not in view.open_apps:
                yield _finding(context, label, leaves)
                break


def _finding(context: Context, label: str, leaves: tuple[MigrationKey, ...]) -> Finding:
    newest = context.history.migrations[leaves[-1]]
    return finding(
        CODE,
        Severity.ERROR,
        newest,
        f"{label} has {len(leaves)} leaf nodes, {listed(key.name for key in leaves)}: "
        "Django refuses to migrate and to make migrations until they are one.",
        instead(
            f"join them with a merge migration, or let {newest.key.name} depend on "
            f"{leaves[0].name} where nobody has applied it yet.",
            f"makemigrations --merge {label}",
        ),
        line=newest.dependencies.line,
        leaves=[key.name for key in leaves],
        paths=[context.path_of(key) for key in leaves],
    )
