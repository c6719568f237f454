"""DAT106: the newest migration of an app has a name that tells only the time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_history
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import MigrationKey
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "DAT106"
GENERATED = re.compile(r"(\d+)_auto_\d{8}_\d{4}(?:_.*)?")


@over_history(CODE, "generated name", Severity.INFO)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each leaf node with such a name: an older one can't be renamed."""
    for key in context.history.full.all_leaves():
        if context.in_project(key.app) and GENERATED.fullmatch(key.name):
            yield _finding(context, key)


def _finding(context: Context, key: MigrationKey) -> Finding:
    return finding(
        CODE,
        Severity.INFO,
        context.history.migrations[key],
        f"{key} is named after the minute it was made in: nobody sees from the list of "
        "migrations what it does.",
        instead(
            "rename the file after what it does where nobody has applied it yet, and name the "
            "next one.",
            f"makemigrations --name WHAT_IT_DOES {key.app}",
        ),
        line=1,
    )
