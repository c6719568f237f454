"""Fields inside operations, three-valued."""

from __future__ import annotations

from typing import NamedTuple

from workflow.history.signatures import FIELDS, field_kind
from workflow.history.values import UNKNOWN, Call, Ref, Ternary, Unknown, Value

RELATIONS = frozenset({"ForeignKey", "OneToOneField", "ManyToManyField", "ForeignObject"})
_WITHOUT_COLUMN = frozenset({"ManyToManyField", "CompositePrimaryKey", "ForeignObject"})
_AUTO = frozenset({"AutoField", "BigAutoField", "SmallAutoField"})
_EMPTY_STRING = frozenset(
    {"CharField", "TextField", "SlugField", "EmailField", "URLField", "FileField", "ImageField",
     "FilePathField", "CommaSeparatedIntegerField", "BinaryField", "SearchVectorField",
     "CICharField", "CIEmailField", "CITextField"}
)  # fmt: skip
_AUTO_NOW = frozenset({"DateField", "DateTimeField", "TimeField"})


class Field(NamedTuple):
    """A field as a migration writes it.

    ``name`` is the attribute on the model. ``call`` is the expression, ``None`` where it
    is not known. ``kind`` is Django's class name, such as ``"CharField"``, where the class is
    Django's own; else ``UNKNOWN``: a custom class may bring its own null or default.
    ``line`` counts from 1. ``overrides`` are arguments that the history has changed since:
    a default that was not preserved, the new name of a renamed model.
    """

    name: str
    call: Call | None
    kind: str | Unknown
    line: int
    overrides: tuple[tuple[str, Value], ...] = ()

    @property
    def path(self) -> str:
        """Dotted path of the class, empty where it is not known."""
        return self.call.path if self.call else ""

    def argument(self, name: str, default: Value = None) -> Value:
        """Return an argument by its name, wherever it stands; ``default`` where not given.

        For a field that is not Django's, what is not given is ``UNKNOWN``.
        """
        for key, value in self.overrides:
            if key == name:
                return value
        if self.call is None:
            return UNKNOWN
        if isinstance(self.kind, Unknown):
            return self.call.kwargs.get(name, UNKNOWN)
        return self.call.argument(name, _position(self.kind, name), default)

    def has(self, name: str) -> Ternary:
        """Return whether the argument is given."""
        value = self.argument(name, _ABSENT)
        return UNKNOWN if value is UNKNOWN and not self._is_given(name) else value is not _ABSENT

    def _is_given(self, name: str) -> bool:
        return self.call is not None and (
            name in self.call.kwargs or any(key == name for key, _ in self.overrides)
        )

    def flag(self, name: str) -> Ternary:
        """Return an argument that is true or false, false where it is not given."""
        value = self.argument(name, default=False)
        return value if isinstance(value, bool) else UNKNOWN

    @property
    def null(self) -> Ternary:
        """Whether the column takes NULL."""
        if self.kind in _AUTO:
            return False
        return True if self.kind == "NullBooleanField" else self.flag("null")

    @property
    def unique(self) -> Ternary:
        """Whether the column has a unique constraint of its own, as a primary key has."""
        if self.kind == "OneToOneField" or self.primary_key is True:
            return True
        unique = self.flag("unique")
        return unique if unique is True or self.primary_key is False else UNKNOWN

    @property
    def primary_key(self) -> Ternary:
        """Whether it is the table's primary key."""
        return True if self.kind == "CompositePrimaryKey" else self.flag("primary_key")

    @property
    def has_default(self) -> Ternary:
        """Whether Python or the database fills in a value (``default``, ``db_default``)."""
        given = [self.has("default"), self.has("db_default")]
        if True in given:
            return True
        return UNKNOWN if UNKNOWN in given else False

    @property
    def needs_no_default(self) -> Ternary:
        """Whether Django fills existing rows although no default is given.

        So it is for what has no column, for automatic and generated fields, and for text
        that may be blank, which is filled with the empty string.
        """
        if isinstance(self.kind, Unknown):
            return UNKNOWN
        if self.kind in _WITHOUT_COLUMN | _AUTO | {"GeneratedField"}:
            return True
        if self.kind in _AUTO_NOW:
            return _either(self.flag("auto_now"), self.flag("auto_now_add"))
        return self.flag("blank") if self.kind in _EMPTY_STRING else False

    @property
    def has_column(self) -> Ternary:
        """Whether the table has a column for it: not so for many-to-many fields."""
        return UNKNOWN if isinstance(self.kind, Unknown) else self.kind not in _WITHOUT_COLUMN

    @property
    def column(self) -> str | Unknown | None:
        """The column's name, ``None`` where there is no column."""
        if self.has_column is not True:
            return UNKNOWN if self.has_column is UNKNOWN else None
        given = self.argument("db_column")
        if given is None:
            return f"{self.name}_id" if self.kind in RELATIONS else self.name
        return given if isinstance(given, str) else UNKNOWN

    @property
    def is_relation(self) -> Ternary:
        """Whether it points to another model."""
        if isinstance(self.kind, str):
            return self.kind in RELATIONS
        return True if self.call is not None and "to" in self.call.kwargs else UNKNOWN

    @property
    def related_model(self) -> tuple[str, str] | Unknown | None:
        """(app label, lower-case name) as written: the label is empty where it says none.

        ``("", "self")`` for the model itself. See :meth:`related_to`.
        """
        if self.is_relation is not True:
            return UNKNOWN if self.is_relation is UNKNOWN else None
        target = self.argument("to", UNKNOWN)
        if not isinstance(target, str):
            return UNKNOWN
        label, _, name = target.rpartition(".")
        return label, name.lower()

    def related_to(self, app: str, model: str) -> tuple[str, str] | Unknown | None:
        """Return (app label, lower-case name) of the model that it points to.

        ``app`` and ``model`` are those that the field is on. ``None`` for no relation,
        ``UNKNOWN`` where the target is a setting or computed.
        """
        if self.is_relation is not True:
            return UNKNOWN if self.is_relation is UNKNOWN else None
        return model_key(self.argument("to", UNKNOWN), app, model)

    def with_override(self, name: str, value: Value) -> Field:
        """Return the field with another value of one argument."""
        kept = tuple(pair for pair in self.overrides if pair[0] != name)
        return self._replace(overrides=(*kept, (name, value)))

    def without_default(self) -> Field:
        """Return the field as the state keeps it after ``preserve_default=False``."""
        return self if self.has("default") is False else self.with_override("default", _ABSENT)


_ABSENT = Ref("django.db.models.NOT_PROVIDED")


def _either(left: Ternary, right: Ternary) -> Ternary:
    if left is True or right is True:
        return True
    return UNKNOWN if left is UNKNOWN or right is UNKNOWN else False


def model_key(value: Value, app: str, model: str = "") -> tuple[str, str] | Unknown:
    """Return (app label, lower-case name) of what a model is referred to as."""
    if not isinstance(value, str):
        return UNKNOWN
    if value == "self":
        return app, model.lower()
    label, dot, name = value.partition(".")
    return (label, name.lower()) if dot else (app, value.lower())


_POSITIONS = {
    kind: {name: index for index, name in enumerate(names)} for kind, names in FIELDS.items()
}


def _position(kind: str, name: str) -> int | None:
    return _POSITIONS[kind].get(name) if kind in _POSITIONS else None


def field_of(name: str, value: Value) -> Field:
    """Return the field that this expression makes."""
    if not isinstance(value, Call):
        return Field(name, None, UNKNOWN, 0)
    kind = field_kind(value.path)
    return Field(name, value, UNKNOWN if kind is None else kind, value.line)
