"""FLD121: a field that rows need a value for is added without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.rows import holds_rows, needs_value
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.fields import Field
    from workflow.history.state import Model
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD121"
FILLING = ("mysql", "mariadb")
"""Engines that put zero or the empty string where a value is missing, but make no row for it."""


@over_steps(CODE, "non-null field without default", Severity.ERROR, kinds=["AddField"])
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where rows of an older table certainly get no value."""
    for field in step.fields:
        is_filled = context.vendor in FILLING and field.is_relation is not True
        if not is_filled and needs_value(field) and holds_rows(context, step) and step.model:
            yield _finding(step, step.model, field)


def _finding(step: Sight, model: Model, field: Field) -> Finding:
    key, label = step.migration.key, f"{model.app}.{model.name}"
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} adds {label}.{field.name}, which is not null and has no default, to a table that "
        f"{model.origin.migration} created: with one row in it, migrating stops.",
        instead(
            f"add {field.name} with null=True, fill it in a data migration, then alter it to "
            "null=False; or give it a default or db_default."
        ),
        field=f"{label}.{field.name}",
        kind=str(field.kind),
    )
