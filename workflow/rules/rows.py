"""What a new or altered field does to rows that are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Ref
from workflow.rules.facts import changes_database

if TYPE_CHECKING:
    from workflow.history.fields import Field
    from workflow.history.model import Migration, Operation
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

NOOP = "django.db.migrations.RunPython.noop"


def holds_rows(context: Context, step: Sight) -> bool:
    """Return whether the operation is on a table that may certainly hold rows by then."""
    model = step.model
    return (
        model is not None
        and model.origin.migration != step.migration.key
        and changes_database(step, model)
        and not is_first_deploy(context, step.migration)
        and not any(may_change_rows(operation) for operation in _before(step))
    )


def _before(step: Sight) -> tuple[Operation, ...]:
    """Return the operations of the same migration that come before."""
    outermost = step.parent or step.operation
    return step.migration.operations[: outermost.position]


def may_change_rows(operation: Operation) -> bool:
    """Return whether an operation may fill or delete rows."""
    if operation.kind == "RunPython":
        code = operation.argument("code")
        return not (isinstance(code, Ref) and code.path == NOOP)
    return operation.kind in {"RunSQL", "SeparateDatabaseAndState", ""} or not (
        isinstance(operation.kind, str)
    )


def needs_value(field: Field) -> bool:
    """Return whether rows certainly need a value that neither Django nor the database gives."""
    return field.null is False and field.has_default is False and field.needs_no_default is False


def is_first_deploy(context: Context, migration: Migration) -> bool:
    """Return whether this is applied together with the tables that it changes.

    So it is with migrations that say ``initial``, with what Django splits off a first
    migration because of foreign keys in a circle, and mostly with squashes, which no database
    runs that has applied one of the originals.
    """
    name = migration.key.name
    if migration.initial is True or name.endswith("_initial") or "_squashed" in name:
        return True
    if migration.replaces.items or not migration.replaces.complete:
        return True
    parents = [
        reference.key
        for reference in migration.dependencies.items
        if reference.app == migration.key.app
    ]
    return any(_is_root(context, key) for key in parents) and all(
        operation.kind != "CreateModel" for operation in migration.operations
    )


def _is_root(context: Context, key: object) -> bool:
    migration = context.history.migrations.get(key)  # type: ignore[call-overload]
    return migration is not None and not any(
        reference.app == migration.key.app for reference in migration.dependencies.items
    )
