"""What all rows get when a unique field is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Call, Ref

if TYPE_CHECKING:
    from workflow.history.fields import Field
    from workflow.history.values import Value

GIVEN_TWICE = "with two rows in it, both get the same value, and migrating stops."


def default_of(field: Field) -> Value:
    """Return the default that Django writes into every row, ``None`` where there is none."""
    return field.argument("default")


def is_function(value: Value) -> bool:
    """Return whether the default is named, not made: Django calls it once for all rows."""
    return isinstance(value, Ref)


def is_constant(value: Value) -> bool:
    """Return whether the default is certainly one value for all rows."""
    return isinstance(value, str | int | float | bytes | Call)
