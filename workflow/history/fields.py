"""Fields inside operations, three-valued."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workflow.history.values import Call, Ternary, Unknown, Value


class Field(NamedTuple):
    """A field as a migration writes it.

    ``name`` is the attribute on the model. ``call`` is the expression, ``None`` where it
    is not known. ``kind`` is Django's class name, such as ``"CharField"``, where the class is
    Django's own; else ``UNKNOWN``: a custom class may bring its own null or default.
    ``line`` counts from 1.
    """

    name: str
    call: Call | None
    kind: str | Unknown
    line: int

    def argument(self, name: str, default: Value = None) -> Value:
        """Return an argument by its name, wherever it stands; ``default`` where not given.

        For a field that is not Django's, what is not given is ``UNKNOWN``.
        """
        raise NotImplementedError

    @property
    def null(self) -> Ternary:
        """Whether the column takes NULL."""
        raise NotImplementedError

    @property
    def has_default(self) -> Ternary:
        """Whether Python or the database fills in a value (``default``, ``db_default``)."""
        raise NotImplementedError

    @property
    def has_column(self) -> Ternary:
        """Whether the table has a column for it: not so for many-to-many fields."""
        raise NotImplementedError

    @property
    def related_model(self) -> tuple[str, str] | Unknown | None:
        """(app label, lower-case model name) that it points to; ``None`` for no relation."""
        raise NotImplementedError


def field_of(name: str, value: Value) -> Field:
    """Return the field that this expression makes."""
    raise NotImplementedError
