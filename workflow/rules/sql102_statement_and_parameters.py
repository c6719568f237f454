"""SQL102: RunSQL is given a statement with parameters that is no pair of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Call, Ref, is_known
from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_operations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration
    from workflow.history.values import Value
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.operations import Placed

CODE = "SQL102"


@over_operations(CODE, "RunSQL statement that is no pair", Severity.ERROR, kinds=["RunSQL"])
def check(context: Context, migration: Migration, placed: Placed) -> Iterator[Finding]:
    """Yield a finding for each statement in a list that Django certainly rejects."""
    del context
    for parameter in ("sql", "reverse_sql"):
        for count in _wrong(placed.operation.argument(parameter)):
            yield _finding(migration, placed, parameter, count)


def _wrong(value: Value) -> Iterator[int]:
    """Yield the length of each tuple that isn't a statement and its parameters."""
    if not isinstance(value, tuple) or isinstance(value, Ref | Call):
        return
    for item in value:
        if not isinstance(item, tuple) or isinstance(item, Ref | Call):
            continue
        if is_known(item) and len(item) != 2:
            yield len(item)


def _finding(migration: Migration, placed: Placed, parameter: str, count: int) -> Finding:
    return finding(
        CODE,
        Severity.ERROR,
        migration,
        f"{migration.key} gives RunSQL in {parameter} a tuple of {count} where Django takes a pair "
        "of statement and parameters: it fails the moment it runs (ValueError).",
        instead(f"write each entry of {parameter} as a string, or as (statement, [parameters])."),
        line=placed.operation.line,
        operation=placed.place,
        parameter=parameter,
    )
