"""Makes up a row for a model: like one that is there, or out of nothing."""

import datetime
import decimal
import random
import uuid

TEXTS = {"CharField", "TextField", "SlugField", "EmailField", "URLField", "FilePathField"}
TEXTS |= {"FileField", "ImageField", "CICharField", "CITextField"}
LENGTH = 32
"""Characters of a made-up text in a column that takes more."""


def made_up(model, like=None, *, sparse=False):
    """Return an unsaved instance that a database would take, as far as a model tells.

    What must differ from row to row is made up; the rest comes from the row ``like``, because
    that met every check, or from the field's default. Relations may lead nowhere. A ``sparse``
    instance has no value where the model lets a field go without.
    """
    single = _fields_to_differ(model)
    values = {}
    for field in model._meta.concrete_fields:
        if _is_given_by_database(field):
            continue
        if sparse and field.null:
            values[field.attname] = None
        elif field.unique or field.name in single:
            values[field.attname] = fresh(field)
        elif like is not None:
            values[field.attname] = getattr(like, field.attname)
        else:
            values[field.attname] = _out_of_nothing(field)
    return model(**values)


def fresh(field):
    """Return a value that no other row is likely to hold; ``None`` for a type not known here."""
    from django.utils import timezone

    while field.remote_field is not None:
        field = field.target_field
    kind = field.get_internal_type()
    if kind in TEXTS:
        return uuid.uuid4().hex[: field.max_length or LENGTH]
    if "Integer" in kind or "AutoField" in kind:
        return _integer(kind)
    if kind == "DecimalField":
        digits = random.randrange(10 ** min(field.max_digits, 15))  # noqa: S311 - no secret
        return decimal.Decimal(digits).scaleb(-field.decimal_places)
    simple = {
        "BinaryField": b"",
        "BooleanField": False,
        "DateField": datetime.date.today(),
        "DateTimeField": timezone.now(),
        "DurationField": datetime.timedelta(seconds=1),
        "FloatField": random.random(),  # noqa: S311 - no secret
        "GenericIPAddressField": "127.0.0.1",
        "JSONField": {},
        "TimeField": datetime.time(1),
        "UUIDField": uuid.uuid4(),
    }
    return simple.get(kind)


def _integer(kind):
    from django.db.backends.base.operations import BaseDatabaseOperations

    _, highest = BaseDatabaseOperations.integer_field_ranges.get(kind, (0, 2**31 - 1))
    return random.randrange(highest // 2, highest)  # noqa: S311 - no secret


def _out_of_nothing(field):
    if field.null:
        return None
    if field.has_default():
        return field.get_default()
    return fresh(field)


def _is_given_by_database(field):
    from django.db.models import AutoField

    is_parent_link = field.remote_field is not None and field.remote_field.parent_link
    return isinstance(field, AutoField) or is_parent_link or getattr(field, "generated", False)


def _fields_to_differ(model):
    """Return the names of the fields that make rows differ where several must together."""
    from django.db.models import UniqueConstraint

    constraints = [item for item in model._meta.constraints if isinstance(item, UniqueConstraint)]
    together = [*model._meta.unique_together, *(item.fields for item in constraints)]
    return {name for fields in together for name in fields}
