"""DAT105: one migration changes both schema and data, on an engine that minds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.limits import ENGINES
from workflow.rules.operations import run_by
from workflow.rules.registry import over_migrations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration, Operation
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.operations import Placed

CODE = "DAT105"
NO_TRANSACTION = (
    "{engine} can't undo schema changes: if one of the two fails, the database is left half way"
)
CONSEQUENCES = {
    "postgresql": (
        "PostgreSQL keeps the locks of the schema change until all rows are written, and refuses "
        'it where row checks are pending ("pending trigger events")'
    ),
    "mysql": NO_TRANSACTION.format(engine=ENGINES["mysql"]),
    "mariadb": NO_TRANSACTION.format(engine=ENGINES["mariadb"]),
    "oracle": NO_TRANSACTION.format(engine=ENGINES["oracle"]),
}
SCHEMA = frozenset(
    {
        "AddField",
        "AlterField",
        "RemoveField",
        "RenameField",
        "DeleteModel",
        "RenameModel",
        "AlterModelTable",
        "AlterUniqueTogether",
        "AlterIndexTogether",
        "AddIndex",
        "AddConstraint",
    }
)


@over_migrations(CODE, "schema and data in one migration", Severity.WARNING)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding where RunPython and a change of existing tables share a migration."""
    consequence = CONSEQUENCES.get(context.vendor or "")
    if consequence is None or (context.vendor == "postgresql" and migration.atomic is not True):
        return
    placed = list(run_by(migration))
    data = next((one for one in placed if one.operation.kind == "RunPython"), None)
    schema = next((one for one in placed if one.operation.kind in SCHEMA), None)
    if data and schema and not _is_noop(data.operation):
        yield _finding(migration, data, schema, consequence)


def _is_noop(operation: Operation) -> bool:
    """Return whether RunPython certainly touches nothing."""
    return getattr(operation.argument("code"), "name", "") == "noop"


def _finding(migration: Migration, data: Placed, schema: Placed, consequence: str) -> Finding:
    return finding(
        CODE,
        Severity.WARNING,
        migration,
        f"{migration.key} runs {schema.operation.name} and RunPython in one migration: "
        f"{consequence}.",
        instead(
            f"move RunPython out of {migration.key.name} into a migration of its own.",
            f"makemigrations --empty {migration.key.app}",
        ),
        line=data.operation.line,
        operation=data.place,
        schema_line=schema.operation.line,
    )
