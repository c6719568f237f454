"""GRF109: of what a squash replaces, a part is gone and a part is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_migrations
from workflow.rules.wording import instead, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration, MigrationKey
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF109"


@over_migrations(CODE, "half-done squash", Severity.WARNING)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding for each squash with some, but not all, of its originals."""
    keys = [reference.key for reference in migration.replaces.items if reference.certain]
    known = [key for key in keys if key is not None and context.in_project(key.app)]
    here = [key for key in known if key in context.history.migrations]
    gone = [key for key in known if key not in context.history.migrations]
    if here and gone:
        yield _finding(migration, here, gone)


def _finding(migration: Migration, here: list[MigrationKey], gone: list[MigrationKey]) -> Finding:
    return finding(
        CODE,
        Severity.WARNING,
        migration,
        f"{migration.key} replaces {len(here) + len(gone)} migrations, of which "
        f"{_counted(gone, 'gone')} and {_counted(here, 'still there')}: a database that has "
        "applied only some of them can neither finish them nor switch to the squash.",
        instead(
            f"delete {listed(here)} too once every database has applied them, "
            f"or restore {listed(gone)}."
        ),
        line=migration.replaces.line,
        here=[str(key) for key in here],
        gone=[str(key) for key in gone],
    )


def _counted(keys: list[MigrationKey], what: str) -> str:
    return f"{len(keys)} {'is' if len(keys) == 1 else 'are'} {what}"
