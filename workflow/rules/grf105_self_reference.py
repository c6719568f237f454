"""GRF105: a migration depends on itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_migrations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF105"


@over_migrations(CODE, "migration that depends on itself", Severity.ERROR)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding for each certain reference of a migration to itself."""
    del context
    lists = {"dependencies": migration.dependencies, "run_before": migration.run_before}
    for name, references in lists.items():
        for reference in references.items:
            if (reference.app, reference.name) == migration.key and reference.certain:
                yield _finding(migration, name, reference.line)


def _finding(migration: Migration, name: str, line: int) -> Finding:
    return finding(
        CODE,
        Severity.ERROR,
        migration,
        f"{migration.key} names itself in `{name}`: it can never run, and Django refuses to run "
        "any migration (CircularDependencyError).",
        instead(f"name the migration of {migration.key.app} that comes before, or take it out."),
        line=line,
    )
