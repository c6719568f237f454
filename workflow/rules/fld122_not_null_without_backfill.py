"""FLD122: a column that held NULL is made non-null and nothing has filled it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.fields import Field
from workflow.outcome import Severity
from workflow.rules.facts import changes_database
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.rows import is_first_deploy, may_change_rows, needs_value
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workflow.history.model import Migration, Operation
    from workflow.history.state import Model
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD122"


@over_steps(CODE, "null to non-null without a backfill", Severity.WARNING, kinds=["AlterField"])
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where no operation since the column took NULL can have filled it."""
    model = step.model
    if model is None or not changes_database(step, model):
        return
    for field in step.fields:
        old = model.field(field.name)
        if (
            isinstance(old, Field)
            and old.null is True
            and old.has_column is True
            and needs_value(field)
            and not is_first_deploy(context, step.migration)
            and not _may_be_filled(context, step, model, field.name)
        ):
            yield _finding(step, model, field)


def _may_be_filled(context: Context, step: Sight, model: Model, name: str) -> bool:
    """Return whether data may have changed since the field is there."""
    for operation in reversed(step.migration.operations[: step.operation.position]):
        if may_change_rows(operation):
            return True
        if _adds(operation, model, name):
            return False
    return any(
        may_change_rows(operation)
        for migration in _since_added(context, step, model, name)
        for operation in migration.operations
    )


def _since_added(context: Context, step: Sight, model: Model, name: str) -> Iterable[Migration]:
    """Return the migrations between the one that added the field, or the model, and this."""
    graph, key = context.graph, step.migration.key
    if graph is None:
        return ()
    later = graph.ancestors(key) - graph.ancestors(model.origin.migration)
    adding = [
        one
        for one in later
        if one.app == key.app
        and any(_adds(inner, model, name) for inner in context.history.migrations[one].operations)
    ]
    start = max(adding, key=lambda one: len(graph.ancestors(one)), default=None)
    if start is not None:
        later -= graph.ancestors(start)
    return [context.history.migrations[one] for one in later]


def _adds(operation: Operation, model: Model, name: str) -> bool:
    return (
        operation.kind == "AddField"
        and operation.text("name") == name
        and str(operation.text("model_name")).lower() == model.name.lower()
    )


def _finding(step: Sight, model: Model, field: Field) -> Finding:
    key, label = step.migration.key, f"{model.app}.{model.name}"
    return at(
        step,
        CODE,
        Severity.WARNING,
        f"{key} makes {label}.{field.name} non-null, and nothing before it has filled the rows "
        "that hold NULL: with one such row, migrating stops.",
        instead(
            f"fill {field.name} in a data migration (RunPython) before {key.name}, or give it a "
            "default.",
            f"makemigrations --empty {key.app}",
        ),
        field=f"{label}.{field.name}",
    )
