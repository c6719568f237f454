"""Which fields are unique, and what all rows get when one is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Call, Ref, Unknown

if TYPE_CHECKING:
    from workflow.history.fields import Field
    from workflow.history.values import Value

GIVEN_TWICE = "with two rows in it, both get the same value, and migrating stops."


def is_unique(field: Field) -> bool:
    """Return whether the column certainly takes each value once."""
    if isinstance(field.kind, Unknown) or field.has_column is not True:
        return False
    return (
        field.kind == "OneToOneField"
        or field.argument("unique", False) is True
        or field.argument("primary_key", False) is True
    )


def default_of(field: Field) -> Value:
    """Return the default that Django writes into every row, ``None`` where there is none."""
    return field.argument("default")


def is_function(value: Value) -> bool:
    """Return whether the default is named, not made: Django calls it once for all rows."""
    return isinstance(value, Ref)


def is_constant(value: Value) -> bool:
    """Return whether the default is certainly one value for all rows."""
    return isinstance(value, str | int | float | bytes | Call)
