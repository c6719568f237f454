"""SQL101: raw SQL can't be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_operations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.operations import Placed

CODE = "SQL101"


@over_operations(CODE, "RunSQL without reverse_sql", Severity.WARNING, kinds=["RunSQL"])
def check(context: Context, migration: Migration, placed: Placed) -> Iterator[Finding]:
    """Yield a finding for each RunSQL that certainly has no way back."""
    del context
    if placed.operation.argument("reverse_sql") is None:
        yield _finding(migration, placed)


def _finding(migration: Migration, placed: Placed) -> Finding:
    return finding(
        CODE,
        Severity.WARNING,
        migration,
        f"{migration.key} runs SQL without reverse_sql: nobody can migrate {migration.key.app} "
        "back past this point (IrreversibleError).",
        instead(
            "give RunSQL a reverse_sql that undoes it, migrations.RunSQL.noop where nothing needs "
            "undoing."
        ),
        line=placed.operation.line,
        operation=placed.place,
    )
