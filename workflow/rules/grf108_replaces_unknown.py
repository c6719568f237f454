"""GRF108: a squash replaces what does not exist, while its namesake is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.model import MigrationKey
from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_migrations
from workflow.rules.wording import instead, is_alike, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration, Reference
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF108"


@over_migrations(CODE, "squash that replaces what does not exist", Severity.WARNING)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding for each replaced name that is probably mistyped.

    Originals that were deleted after a squash are no fault, nor are their numbers used again
    by what came after it. Suspicious is a name much like one that no squash replaces.
    """
    for reference in migration.replaces.items:
        key = reference.key
        if key is None or not reference.certain or key in context.history.migrations:
            continue
        meant = nearest(key.name, _left_over(context, migration, key))
        if meant is not None:
            yield _finding(migration, key, meant, reference)


def _left_over(context: Context, squash: Migration, key: MigrationKey) -> tuple[str, ...]:
    """Return the app's migrations of the same number that neither replace nor are replaced."""
    app = context.history.apps.get(key.app)
    return tuple(
        name
        for name in (app.migrations if app else ())
        if name.partition("_")[0] == key.name.partition("_")[0]
        and is_alike(key.name, name)
        and (key.app, name) != squash.key
        and not _comes_after(context, MigrationKey(key.app, name), squash)
        and (key.app, name) not in context.replaced
        and not context.migration(key.app, name).replaces.line
    )


def _comes_after(context: Context, key: MigrationKey, squash: Migration) -> bool:
    """Return whether a migration builds on the squash, or on an original that was deleted."""
    originals = {reference.key for reference in squash.replaces.items}
    todo, seen = [key], {key}
    while todo:
        migration = context.history.migrations.get(todo.pop())
        for reference in migration.dependencies.items if migration else ():
            parent = reference.key
            if parent == squash.key or (
                parent in originals and parent not in context.history.migrations
            ):
                return True
            if parent and parent not in originals and parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return False


def _finding(migration: Migration, key: MigrationKey, meant: str, reference: Reference) -> Finding:
    return finding(
        CODE,
        Severity.WARNING,
        migration,
        f"{migration.key} replaces {key}, which does not exist, while {key.app}.{meant} is "
        "replaced by nothing: a fresh database runs its operations twice.",
        instead(f"name {key.app}.{meant} in `replaces`, or take {key} out."),
        line=reference.line,
        names=list(key),
        nearest=meant,
    )
