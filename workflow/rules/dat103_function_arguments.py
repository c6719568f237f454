"""DAT103: RunPython is given something that it can't call with ``(apps, schema_editor)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Call, Ref
from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_operations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Function, Migration
    from workflow.history.values import Value
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.operations import Placed

CODE = "DAT103"


@over_operations(
    CODE, "RunPython function with wrong arguments", Severity.ERROR, kinds=["RunPython"]
)
def check(context: Context, migration: Migration, placed: Placed) -> Iterator[Finding]:
    """Yield a finding for each function that RunPython certainly can't call."""
    del context
    for parameter in ("code", "reverse_code"):
        fault = _fault(migration, placed.operation.argument(parameter))
        if fault:
            yield _finding(migration, placed, parameter, fault)


def _fault(migration: Migration, value: Value) -> str | None:
    """Return what is wrong with the function, where that is certain."""
    if isinstance(value, str | bytes | int | float | tuple | dict) and not isinstance(
        value, Ref | Call
    ):
        return f"{value!r:.40}, which is no function"
    if not isinstance(value, Ref) or not value.path.startswith("."):
        return None
    function = migration.body.functions.get(value.path[1:])
    if function is None or function.decorated or _takes_two(function):
        return None
    return f"{function.name}({', '.join(function.parameters)})"


def _takes_two(function: Function) -> bool:
    enough = len(function.parameters) >= 2 or function.variadic
    return enough and function.required <= 2 and not function.keyword_only


def _finding(migration: Migration, placed: Placed, parameter: str, fault: str) -> Finding:
    return finding(
        CODE,
        Severity.ERROR,
        migration,
        f"{migration.key} gives RunPython as {parameter} {fault}: Django calls it with (apps, "
        "schema_editor), so it fails the moment it runs (TypeError).",
        instead("def name(apps, schema_editor): with exactly these two parameters."),
        line=placed.operation.line,
        operation=placed.place,
        parameter=parameter,
    )
