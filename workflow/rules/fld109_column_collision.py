"""FLD109: two fields of a model share one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.facts import changes_database, is_state_only
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.fields import Field
    from workflow.history.state import Model
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD109"


@over_steps(CODE, "two fields in one column", Severity.ERROR, kinds=["AddField"])
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where the column of a new field is certainly another's."""
    model = step.model
    if model is None or not changes_database(step, model):
        return
    for field in step.fields:
        column = field.column
        if not isinstance(column, str):
            continue
        other = _holder(context, model, field, column)
        if other:
            yield _finding(step, model, field, other, column)


def _holder(context: Context, model: Model, field: Field, column: str) -> Field | None:
    """Return the field that certainly has this column already, under another name."""
    names = {column, column.removesuffix("_id")}
    for name, other in model.fields.items():
        if name not in names and (other.call is None or "db_column" not in other.call.kwargs):
            continue
        if (
            name not in {field.name, *model.unsure}
            and other.column == column
            and not is_state_only(context, model.origins.get(name, model.origin))
        ):
            return other
    return None


def _finding(step: Sight, model: Model, field: Field, other: Field, column: str) -> Finding:
    key, label = step.migration.key, f"{model.app}.{model.name}"
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} adds {label}.{field.name}, whose column {column} is the one of {label}."
        f"{other.name}: the column exists by then, and migrating stops on every database.",
        instead(f"give {field.name} another name or a `db_column` of its own."),
        field=f"{label}.{field.name}",
        column=column,
        other=other.name,
    )
