"""FLD123: a unique field is added with one constant for all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.rows import holds_rows
from workflow.rules.unique import GIVEN_TWICE, default_of, is_constant
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.fields import Field
    from workflow.history.state import Model
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD123"


@over_steps(CODE, "unique field with a constant default", Severity.ERROR, kinds=["AddField"])
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where all rows of an older table get one value that must be unique."""
    for field in step.fields:
        if (
            is_constant(default_of(field))
            and field.unique is True
            and holds_rows(context, step)
            and step.model
        ):
            yield _finding(step, step.model, field)


def _finding(step: Sight, model: Model, field: Field) -> Finding:
    key, label = step.migration.key, f"{model.app}.{model.name}"
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} adds {label}.{field.name}, unique and with a constant default, to a table that "
        f"{model.origin.migration} created: {GIVEN_TWICE}",
        instead(
            f"add {field.name} with null=True and without unique, fill it in a data migration, "
            "then alter it to unique=True."
        ),
        field=f"{label}.{field.name}",
    )
