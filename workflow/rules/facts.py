"""Facts about models that hold for sure, each true only where nothing is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Unknown

if TYPE_CHECKING:
    from workflow.history.fields import Field
    from workflow.history.model import Operation
    from workflow.history.state import Model, Origin, Step
    from workflow.rules.context import Context

PLAIN_BASES = frozenset({"django.db.models.Model", "django.contrib.gis.db.models.Model", "object"})
FOREIGN_KEYS = frozenset({"ForeignKey", "OneToOneField"})


def has_table(model: Model) -> bool:
    """Return whether Django certainly keeps a table for the model."""
    options = model.options
    if any(isinstance(name, Unknown) for name in options):
        return False
    return options.get("managed", True) is True and options.get("proxy", False) is False


def has_plain_bases(model: Model) -> bool:
    """Return whether the model certainly inherits no fields."""
    return all(base in PLAIN_BASES for base in model.bases)


def table_of(model: Model) -> str | None:
    """Return the table's name where it is known."""
    table = model.options.get("db_table")
    if table in (None, ""):
        return f"{model.app}_{model.name.lower()}"
    return table if isinstance(table, str) else None


def column_of(field: Field) -> str | None:
    """Return the column's name; ``None`` where there is none or it is not known."""
    if field.has_column is not True or isinstance(field.kind, Unknown):
        return None
    column = field.argument("db_column")
    if isinstance(column, str) and column:
        return column
    if column is not None:
        return None
    return f"{field.name}_id" if field.kind in FOREIGN_KEYS else field.name


def lacks_field(model: Model, name: str) -> bool:
    """Return whether the model certainly has no field that queries could call by this name."""
    if name in {"pk", "_order"} or not model.closed or not has_plain_bases(model):
        return False
    if model.field(name) is not None:
        return False
    if name == "id":
        return any(_is_key(field) is True for field in _fields(model))
    return not any(_attribute_may_be(field, name) for field in _fields(model))


def _fields(model: Model) -> list[Field]:
    return list(model.fields.values())


def _is_key(field: Field) -> bool:
    return field.argument("primary_key", False) is True


def _attribute_may_be(field: Field, name: str) -> bool:
    """Return whether this may be a foreign key whose column is called by the name."""
    return f"{field.name}_id" == name and (
        isinstance(field.kind, Unknown) or field.kind in FOREIGN_KEYS
    )


def is_state_only(context: Context, origin: Origin) -> bool:
    """Return whether only the state was told of a thing, so that the database may lack it."""
    migration = context.history.migrations[origin.migration]
    operations = migration.operations
    if origin.operation >= len(operations):
        return True
    return holds_state(operations[origin.operation])


def holds_state(operation: Operation) -> bool:
    """Return whether an operation changes the state apart from the database."""
    return operation.kind in {"SeparateDatabaseAndState", "RunSQL"}


def changes_database(step: Step, model: Model) -> bool:
    """Return whether Django certainly runs this step against the model's table."""
    return step.parent is None and has_table(model)
