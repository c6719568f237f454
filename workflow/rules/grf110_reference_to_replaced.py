"""GRF110: a migration refers to one that lives on only in the `replaces` of a squash."""

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

CODE = "GRF110"


@over_migrations(CODE, "reference to a migration that is only replaced", Severity.INFO)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding for each reference that leads to a squash by way of a deleted original."""
    if not context.gone:
        return
    for reference in (*migration.dependencies.items, *migration.run_before.items):
        key = reference.key
        if key is not None and key in context.gone:
            yield _finding(migration, key, context.gone[key], reference)


def _finding(
    migration: Migration, key: MigrationKey, squash: MigrationKey, reference: Reference
) -> Finding:
    return finding(
        CODE,
        Severity.INFO,
        migration,
        f"{migration.key} names {key}, which lives on only in the `replaces` of {squash}: the day "
        "`replaces` is taken out, this reference breaks.",
        instead(f"name {squash.app}.{squash.name}, which stands for it."),
        line=reference.line,
        names=list(key),
        squash=list(squash),
    )
