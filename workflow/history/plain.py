"""What operations and values say, without where they say it: equal ones compare equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workflow.history.values import Call

if TYPE_CHECKING:
    from workflow.history.model import Operation
    from workflow.history.values import Value


def plain_operation(operation: Operation) -> Any:
    """Return what an operation does, with those inside it."""
    return (
        operation.path,
        {name: plain(value) for name, value in operation.args.items()},
        [plain_operation(nested) for nested in operation.database_operations],
        [plain_operation(nested) for nested in operation.state_operations],
    )


def plain(value: Value) -> Any:
    """Return a value without its lines."""
    if isinstance(value, Call):
        return ("call", value.path, [plain(item) for item in value.args], plain(dict(value.kwargs)))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [type(value).__name__, *(plain(item) for item in value)]
    return type(value), value
