"""SQL103: something runs CONCURRENTLY inside the transaction of its migration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_operations
from workflow.rules.scripts import texts_of
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration, Operation
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.operations import Placed

CODE = "SQL103"
STATEMENT = re.compile(
    r"(?:CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX\s+\w+)\s+CONCURRENTLY\b",
    re.IGNORECASE,
)
OPERATIONS = frozenset({"AddIndexConcurrently", "RemoveIndexConcurrently"})


@over_operations(
    CODE, "CONCURRENTLY inside a transaction", Severity.ERROR, kinds=["RunSQL", *OPERATIONS]
)
def check(context: Context, migration: Migration, placed: Placed) -> Iterator[Finding]:
    """Yield a finding where PostgreSQL certainly refuses: the migration is atomic."""
    if context.vendor not in {None, "postgresql"} or migration.atomic is not True:
        return
    if _is_concurrent(placed.operation):
        yield _finding(migration, placed)


def _is_concurrent(operation: Operation) -> bool:
    if operation.kind in OPERATIONS:
        return True
    return operation.kind == "RunSQL" and any(
        STATEMENT.match(text.lstrip()) for text in texts_of(operation.argument("sql"))
    )


def _finding(migration: Migration, placed: Placed) -> Finding:
    return finding(
        CODE,
        Severity.ERROR,
        migration,
        f"{migration.key} runs {placed.operation.name} CONCURRENTLY inside its transaction: "
        "PostgreSQL refuses that, always.",
        instead(
            f"say atomic = False in {migration.key.name}, and leave nothing else in it that needs "
            "a transaction."
        ),
        line=placed.operation.line,
        operation=placed.place,
    )
