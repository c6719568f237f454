"""FLD101: a field is added that the model already has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.fields import Field
from workflow.history.state import Model
from workflow.outcome import Severity
from workflow.rules.facts import changes_database, is_state_only
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD101"


@over_steps(CODE, "field added that exists already", Severity.ERROR, kinds=["AddField"])
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where the state before certainly holds the field."""
    app = step.migration.key.app
    model_name, name = step.operation.text("model_name"), step.operation.text("name")
    if not isinstance(model_name, str) or not isinstance(name, str):
        return
    model = step.before.model(app, model_name)
    if not isinstance(model, Model) or not isinstance(model.field(name), Field):
        return
    origin = model.origins.get(name, model.origin)
    if changes_database(step, model) and not is_state_only(context, origin):
        yield _finding(context, step, model, name)


def _finding(context: Context, step: Sight, model: Model, name: str) -> Finding:
    origin = model.origins.get(name, model.origin)
    field = f"{model.app}.{model.name}.{name}"
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{step.migration.key} adds {field}, which is there already, from {origin.migration}: "
        "the column exists by then, and migrating stops on every database.",
        instead(
            f"take AddField({name!r}) out of {step.migration.key.name}, or choose another name."
        ),
        field=field,
        first={
            "migration": list(origin.migration),
            "path": context.path_of(origin.migration),
            "line": origin.line,
        },
    )
