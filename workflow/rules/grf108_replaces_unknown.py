"""GRF108: a squash replaces what does not exist, while its namesake is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.context import finding
from workflow.rules.registry import over_migrations
from workflow.rules.wording import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration, MigrationKey, Reference
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF108"


@over_migrations(CODE, "squash that replaces what does not exist", Severity.WARNING)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding for each replaced name that is probably mistyped.

    Originals that were deleted after a squash are no fault. A name is suspicious where a
    migration much like it exists that no squash replaces.
    """
    for reference in migration.replaces.items:
        key = reference.key
        if key is None or not reference.certain or key in context.history.migrations:
            continue
        meant = nearest(key.name, _left_over(context, migration, key))
        if meant:
            yield _finding(migration, key, meant, reference)


def _left_over(context: Context, migration: Migration, key: MigrationKey) -> tuple[str, ...]:
    """Return the app's migrations with the same number that nothing replaces."""
    app = context.history.apps.get(key.app)
    number = key.name.partition("_")[0]
    return tuple(
        name
        for name in (app.migrations if app else ())
        if name.partition("_")[0] == number
        and (key.app, name) != migration.key
        and (key.app, name) not in context.replaced
        and not context.migration(key.app, name).replaces.line
    )


def _finding(migration: Migration, key: MigrationKey, meant: str, reference: Reference) -> Finding:
    return finding(
        CODE,
        Severity.WARNING,
        migration,
        f"{migration.key} replaces {key}, which does not exist, while {key.app}.{meant} is "
        "replaced by nothing: a fresh database runs both and makes the same tables twice.",
        instead(f"name {key.app}.{meant} in `replaces`, or take {key} out."),
        line=reference.line,
        names=list(key),
        nearest=meant,
    )
