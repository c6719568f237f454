"""Facts about models that hold for sure, each true only where nothing is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity

if TYPE_CHECKING:
    from workflow.history.model import Operation
    from workflow.history.state import Model, Origin
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

PLAIN_BASES = frozenset({"django.db.models.Model", "django.contrib.gis.db.models.Model", "object"})


def has_table(model: Model) -> bool:
    """Return whether Django certainly keeps a table for the model."""
    return model.option("managed", default=True) is True and model.proxy is False


def has_plain_bases(model: Model) -> bool:
    """Return whether the model certainly inherits no fields."""
    return all(base in PLAIN_BASES for base in model.bases)


def table_of(model: Model) -> str | None:
    """Return the table's name where it is known."""
    table = model.option("db_table", default=None)
    if table is None or table == "":
        return f"{model.app}_{model.name.lower()}"
    return table if isinstance(table, str) else None


def lacks_field(model: Model, name: str) -> bool:
    """Return whether the model certainly has no field that queries could call by this name."""
    if name in {"pk", "_order"} or not model.closed or not has_plain_bases(model):
        return False
    if model.field(name) is not None:
        return False
    fields = list(model.fields.values())
    if name == "id":
        return any(field.primary_key is True for field in fields)
    return not any(
        field.is_relation is not False and f"{field.name}_id" == name for field in fields
    )


def is_state_only(context: Context, origin: Origin) -> bool:
    """Return whether only the state was told of a thing, so that the database may lack it."""
    migration = context.history.migrations[origin.migration]
    operations = migration.operations
    if origin.operation >= len(operations):
        return True
    return holds_state(operations[origin.operation])


def severity_of_clash(first: Model, second: Model) -> Severity:
    """Return how sure it is that two models are ever installed together."""
    return Severity.ERROR if first.app == second.app else Severity.WARNING


def holds_state(operation: Operation) -> bool:
    """Return whether an operation changes the state apart from the database."""
    return operation.kind in {"SeparateDatabaseAndState", "RunSQL"}


def changes_database(step: Sight, model: Model) -> bool:
    """Return whether Django certainly runs this step against the model's table.

    A subclass changes the state as Django's own class does, and the database as it likes.
    """
    return step.parent is None and step.operation.is_django and has_table(model)
