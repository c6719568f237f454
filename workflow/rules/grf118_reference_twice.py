"""GRF118: a migration states the same reference twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_migrations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration, MigrationKey, References
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF118"


@over_migrations(CODE, "same reference twice", Severity.INFO)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding for each entry that repeats an earlier one of the same list."""
    del context
    lists = {
        "dependencies": migration.dependencies,
        "run_before": migration.run_before,
        "replaces": migration.replaces,
    }
    for name, references in lists.items():
        items = references.items
        if len(items) > 1 and len({(one.app, one.name) for one in items}) < len(items):
            yield from _repeated(migration, name, references)


def _repeated(migration: Migration, name: str, references: References) -> Iterator[Finding]:
    seen: set[MigrationKey] = set()
    for reference in references.items:
        key = reference.key
        if key is None or not reference.certain:
            continue
        if key in seen:
            yield finding(
                CODE,
                Severity.INFO,
                migration,
                f"{migration.key} names {key} twice in `{name}`: harmless, but often the rest of "
                "a merge in which another name was meant.",
                instead("take one of the two out, or name the migration that was meant."),
                line=reference.line,
                names=list(key),
            )
        seen.add(key)
