"""Writes fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.rendering.known import Known

WORDS = ("title", "name", "code", "size", "note", "state", "label", "part")

FAMILIES = {
    "text": ["CharField(max_length=20", "CharField(max_length=40", "TextField(",
             "SlugField(validators=[validators.MinLengthValidator(1)]",
             "FileField(upload_to='here'", "OwnField(max_length=20, loud=True"],
    "number": ["IntegerField(", "BigIntegerField(", "PositiveIntegerField(",
               "IntegerField(choices=[(3, 'three')]"],
    "flag": ["BooleanField("],
    "day": ["DateField(", "DateField(editable=False"],
    "amount": ["DecimalField(max_digits=9, decimal_places=2",
               "DecimalField(max_digits=12, decimal_places=4"],
    "mark": ["UUIDField("],
    "bag": ["JSONField("],
}  # fmt: skip
"""Kinds of fields whose values may become each other's. ``OwnField`` is none of Django's."""

FAMILY_OF = {kind.split("(")[0]: family for family, kinds in FAMILIES.items() for kind in kinds}

DEFAULTS = {
    "text": '"x"',
    "number": "3",
    "flag": "True",
    "day": "datetime.date(2020, 1, 1)",
    "amount": "decimal.Decimal(1)",
    "mark": "uuid.UUID(int=7)",
    "bag": "dict",
}

KEYS = ("models.BigAutoField(primary_key=True)", "models.AutoField(primary_key=True)")


def plain(known: Known, family: str, *, null: bool | None = None) -> str:
    """Write a field that is no relation."""
    null = known.often(0.4) if null is None else null
    parts = ["null=True" if null else f"default={DEFAULTS[family]}"]
    if null and family in {"text", "number"} and known.often(0.35):
        parts.append("unique=True")
    elif known.often(0.25) and family != "bag":
        parts.append("db_index=True")
    if known.often(0.15):
        parts.append(f'db_column="{known.new("column")}"')
    if known.often(0.1):
        parts.append('help_text="why"')
    kind = known.chance.choice(FAMILIES[family])
    start = kind if kind.startswith("Own") else f"models.{kind}"
    comma = "" if kind.endswith("(") else ", "
    return f"{start}{comma}{', '.join(parts)})"


def relation(known: Known, kind: str, target: str, *, null: bool | None = None) -> str:
    """Write a relation to a model, or to ``self``."""
    user = target == "people.User" and known.users and known.often(0.8)
    parts = ["settings.AUTH_USER_MODEL" if user else f'"{target}"']
    if kind == "ManyToManyField":
        parts += _of_many(known, target)
    else:
        may_miss = known.often(0.5) if null is None else null
        parts += _of_key(known, kind, target, null=may_miss or target == "self")
    draw = known.chance.random()
    if draw < 0.4:
        parts.append(f'related_name="{known.new("back")}"')
    elif draw < 0.5:
        parts.append('related_name="+"')
    if 0.2 < draw < 0.3:
        parts.append(f'related_query_name="{known.new("query")}"')
    if known.often(0.1):
        parts.append('limit_choices_to={"pk__gt": 0}')
    return f"models.{kind}({', '.join(parts)})"


def _of_many(known: Known, target: str) -> Iterator[str]:
    if target == "self" and known.often(0.5):
        yield f"symmetrical={known.often(0.2)}"
    if known.often(0.15):
        yield f'db_table="{known.new("table")}"'
    if known.often(0.1):
        yield "db_constraint=False"


def _of_key(known: Known, kind: str, target: str, *, null: bool) -> Iterator[str]:
    ways = ["CASCADE", "CASCADE", "CASCADE", "PROTECT", "RESTRICT", *(["SET_NULL"] * 2 * null)]
    yield f"models.{known.chance.choice(ways)}"
    if null:
        yield "null=True"
    unique = _unique(known, target)
    if unique and known.often(0.3):
        yield f'to_field="{known.chance.choice(unique)}"'
    if known.often(0.1):
        yield "db_index=False" if kind == "ForeignKey" else "db_constraint=False"
    elif known.often(0.1):
        yield f'db_column="{known.new("column")}"'


def _unique(known: Known, target: str) -> list[str]:
    app, _, name = target.lower().partition(".")
    model = known.state.models.get((app, name))
    fields = {} if model is None else model.fields
    return [name for name, field in fields.items() if field.unique and not field.primary_key]


def target(known: Known, app: str, name: str) -> str:
    """Return what a relation of a model may lead to: most often another model."""
    if known.often(0.15):
        return "self"
    models = [
        f"{label}.{model.name}"
        for label, model in known.own(tables=False)
        if model.options.get("managed", True)
    ]
    models += ["people.User"] * 3 * known.users
    if known.users and known.often(0.15):
        models = ["auth.Group", "auth.Permission", "contenttypes.ContentType"]
    if known.unmigrated and known.often(0.2):
        return "sites.Site"
    chosen = known.chance.choice(models) if models else "self"
    return "self" if chosen == f"{app}.{name}" else chosen


def kind_of_relation(known: Known) -> str:
    """Return the class of a relation."""
    return known.chance.choice(("ForeignKey", "ForeignKey", "OneToOneField", "ManyToManyField"))


def composite_key(known: Known, app: str, name: str) -> Iterator[str]:
    """Write a key that is made of two fields, and those fields, each with its name."""
    fields = {}
    for _ in range(2):
        where = target(known, app, name)
        if where != "self" and known.often(0.4):
            fields[known.new("to")] = relation(known, "ForeignKey", where, null=False)
        else:
            family = known.chance.choice(("text", "number", "day", "mark"))
            fields[known.new(*WORDS)] = plain(known, family, null=False)
    names = ", ".join(f'"{name}"' for name in fields)
    yield f'("pk", models.CompositePrimaryKey({names}))'
    for part, text in fields.items():
        yield f'("{part}", {text})'


def some(known: Known, app: str, name: str) -> Iterator[str]:
    """Write some fields of a model, each with its name."""
    for _ in range(known.chance.randint(1, 3)):
        family = known.chance.choice(list(FAMILIES))
        yield f'("{known.new(*WORDS)}", {plain(known, family)})'
    for _ in range(known.chance.choice((0, 1, 1, 2))):
        where = target(known, app, name)
        yield f'("{known.new("to")}", {relation(known, kind_of_relation(known), where)})'
