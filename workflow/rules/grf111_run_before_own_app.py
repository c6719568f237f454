"""GRF111: `run_before` names a migration that could state the dependency itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_migrations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration, MigrationKey, Reference
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF111"


@over_migrations(CODE, "run_before inside the project", Severity.INFO)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding for each `run_before` whose target is the project's own."""
    for reference in migration.run_before.items:
        key = reference.key
        if key and key != migration.key and _is_own(context, key):
            yield _finding(migration, key, reference)


def _is_own(context: Context, key: MigrationKey) -> bool:
    return context.in_project(key.app) and key in context.history.migrations


def _finding(migration: Migration, key: MigrationKey, reference: Reference) -> Finding:
    return finding(
        CODE,
        Severity.INFO,
        migration,
        f"{migration.key} must run before {key}, whose own file does not say so: a database that "
        f"has applied {key} already refuses to migrate (InconsistentMigrationHistory).",
        instead(
            f"add ({migration.key.app!r}, {migration.key.name!r}) to the dependencies of {key} "
            "where nobody has applied it yet."
        ),
        line=reference.line,
        names=list(key),
    )
