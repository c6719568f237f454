"""FLD105: a model or a field is renamed to a name that is taken."""

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

    from workflow.history.state import Origin
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD105"


@over_steps(
    CODE, "rename to a name that is taken", Severity.ERROR, kinds=["RenameModel", "RenameField"]
)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where the new name certainly belongs to another model or field."""
    model = step.model
    old, new = step.operation.text("old_name"), step.operation.text("new_name")
    if model is None or not isinstance(old, str) or not isinstance(new, str):
        return
    if not changes_database(step, model) or old.lower() == new.lower():
        return
    if step.operation.kind == "RenameModel":
        yield from _model(context, step, model, new)
    else:
        yield from _field(context, step, model, old, new)


def _model(context: Context, step: Sight, model: Model, new: str) -> Iterator[Finding]:
    other = step.before.model(model.app, new)
    if isinstance(other, Model) and not is_state_only(context, other.origin):
        yield _finding(step, f"{model.app}.{model.name}", f"{model.app}.{other.name}", other.origin)


def _field(context: Context, step: Sight, model: Model, old: str, new: str) -> Iterator[Finding]:
    other = model.field(new)
    origin = model.origins.get(new, model.origin)
    if isinstance(other, Field) and not is_state_only(context, origin):
        label = f"{model.app}.{model.name}"
        yield _finding(step, f"{label}.{old}", f"{label}.{new}", origin)


def _finding(step: Sight, old: str, new: str, origin: Origin) -> Finding:
    key = step.migration.key
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} renames {old} to {new}, which is there already, from {origin.migration}: the "
        "name is taken by then, and migrating stops on every database.",
        instead(f"remove or rename {new} before {key.name}, or choose another name."),
        old=old,
        new=new,
    )
