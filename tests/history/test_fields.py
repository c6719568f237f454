"""Fields, three-valued."""

from __future__ import annotations

import pytest

from workflow.history.fields import Field, field_of
from workflow.history.values import UNKNOWN, Call, Key, Ref, Value


def field(kind: str, *args: Value, **kwargs: Value) -> Field:
    named: dict[Key, Value] = dict(kwargs.items())
    return field_of("f", Call(f"django.db.models.{kind}", args, named, 1))


def foreign(**kwargs: Value) -> Field:
    named: dict[Key, Value] = dict(kwargs.items())
    return field_of("f", Call("x.fields.MyField", (), named, 1))


def open_field(kind: str) -> Field:
    return field_of("f", Call(f"django.db.models.{kind}", (), {UNKNOWN: UNKNOWN}, 1))


PATHS = {
    "django.db.models.CharField": "CharField",
    "django.db.models.fields.CharField": "CharField",
    "django.db.models.fields.related.ForeignKey": "ForeignKey",
    "django.contrib.postgres.fields.ArrayField": "ArrayField",
    "django.contrib.postgres.fields.array.ArrayField": "ArrayField",
    "django.contrib.gis.db.models.PointField": "PointField",
    "x.CharField": UNKNOWN,
    "django.forms.CharField": UNKNOWN,
    "django.db.models.Nope": UNKNOWN,
}


@pytest.mark.parametrize(("path", "kind"), PATHS.items())
def test_kinds(path: str, kind: object) -> None:
    assert field_of("f", Call(path, (), {}, 1)).kind == kind


def test_what_is_no_call_is_not_known() -> None:
    found = field_of("f", Ref("x.FIELD"))
    assert (found.kind, found.null, found.has_default, found.has_column) == (UNKNOWN,) * 4


NULLS = {
    "not said": (field("CharField"), False),
    "said": (field("CharField", null=True), True),
    "computed": (field("CharField", null=UNKNOWN), UNKNOWN),
    "by a name": (field("CharField", null=Ref("x")), UNKNOWN),
    "by more arguments": (open_field("CharField"), UNKNOWN),
    "a custom class's own": (foreign(), UNKNOWN),
    "a custom class's, said": (foreign(null=True), True),
    "an old boolean": (field("NullBooleanField"), True),
    "automatic": (field("AutoField", null=True), False),
}


@pytest.mark.parametrize(("found", "null"), NULLS.values(), ids=NULLS.keys())
def test_null(found: Field, null: object) -> None:
    assert found.null is null


DEFAULTS = {
    "none": (field("IntegerField"), False),
    "a value": (field("IntegerField", default=0), True),
    "a value that is not known": (field("IntegerField", default=UNKNOWN), True),
    "of the database": (field("IntegerField", db_default=0), True),
    "perhaps": (open_field("IntegerField"), UNKNOWN),
    "a custom class's own": (foreign(), UNKNOWN),
    "by position": (field("IntegerField", *[None] * 9, 5), True),
}


@pytest.mark.parametrize(("found", "has"), DEFAULTS.values(), ids=DEFAULTS.keys())
def test_defaults(found: Field, has: object) -> None:
    assert found.has_default is has


def test_a_default_that_was_not_preserved_is_gone() -> None:
    gone = field("IntegerField", default=0).without_default()
    assert gone.has_default is False
    assert gone.with_override("null", value=True).null is True
    plain = field("IntegerField")
    assert plain.without_default() is plain


FILLED = {
    "many-to-many": (field("ManyToManyField", to="a.B"), True),
    "automatic": (field("BigAutoField"), True),
    "generated": (field("GeneratedField"), True),
    "blank text": (field("CharField", blank=True), True),
    "text": (field("CharField"), False),
    "a blank number": (field("IntegerField", blank=True), False),
    "a date": (field("DateField"), False),
    "a date set by itself": (field("DateTimeField", auto_now_add=True), True),
    "a foreign key": (field("ForeignKey", "a.B", Ref("x")), False),
    "custom": (foreign(), UNKNOWN),
    "perhaps": (open_field("DateField"), UNKNOWN),
}


@pytest.mark.parametrize(("found", "needs_none"), FILLED.values(), ids=FILLED.keys())
def test_needs_no_default(found: Field, needs_none: object) -> None:
    assert found.needs_no_default is needs_none


COLUMNS = {
    "plain": (field("CharField"), "f"),
    "a foreign key": (field("ForeignKey", "a.B"), "f_id"),
    "named": (field("CharField", db_column="c"), "c"),
    "computed": (field("CharField", db_column=Ref("x")), UNKNOWN),
    "many-to-many": (field("ManyToManyField", "a.B"), None),
    "custom": (foreign(), UNKNOWN),
}


@pytest.mark.parametrize(("found", "column"), COLUMNS.values(), ids=COLUMNS.keys())
def test_column(found: Field, column: object) -> None:
    assert found.column == column


TARGETS = {
    "app and model": (field("ForeignKey", to="other.Thing"), ("other", "thing")),
    "by position": (field("ForeignKey", "other.Thing"), ("other", "thing")),
    "a model of the same app": (field("ForeignKey", to="Thing"), ("shop", "thing")),
    "itself": (field("ForeignKey", to="self"), ("shop", "line")),
    "a setting": (field("ForeignKey", to=Ref("django.conf.settings.X")), UNKNOWN),
    "none": (field("CharField"), None),
    "a custom relation": (foreign(to="other.Thing"), ("other", "thing")),
    "custom": (foreign(), UNKNOWN),
}


@pytest.mark.parametrize(("found", "target"), TARGETS.values(), ids=TARGETS.keys())
def test_related_to(found: Field, target: object) -> None:
    assert found.related_to("shop", "Line") == target


def test_the_related_model_as_written() -> None:
    assert field("ForeignKey", to="Thing").related_model == ("", "thing")
    assert field("ForeignKey", to="other.Thing").related_model == ("other", "thing")
    assert field("CharField").related_model is None


UNIQUES = {
    "not said": (field("CharField"), False),
    "said": (field("CharField", unique=True), True),
    "one to one": (field("OneToOneField", to="a.B"), True),
    "a primary key": (field("UUIDField", primary_key=True), True),
    "perhaps": (open_field("CharField"), UNKNOWN),
}


@pytest.mark.parametrize(("found", "unique"), UNIQUES.values(), ids=UNIQUES.keys())
def test_unique(found: Field, unique: object) -> None:
    assert found.unique is unique
