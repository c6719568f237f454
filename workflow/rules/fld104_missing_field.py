"""FLD104: a field is removed, altered or renamed that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.facts import changes_database, has_plain_bases
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.wording import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.state import Model
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD104"
PARAMETERS = {"RemoveField": "name", "AlterField": "name", "RenameField": "old_name"}
VERBS = {"RemoveField": "removes", "AlterField": "alters", "RenameField": "renames"}


@over_steps(CODE, "operation on a field that is not there", Severity.ERROR, kinds=PARAMETERS)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding for the first operation on each field that certainly is not there."""
    kind = str(step.operation.kind)
    name, model = step.operation.text(PARAMETERS[kind]), step.model
    if (
        isinstance(name, str)
        and model is not None
        and model.field(name) is None
        and (kind != "AlterField" or _alters_database(step, model))
        and context.first(CODE, model.app, model.name, name)
    ):
        yield _finding(step, model, kind, name)


def _alters_database(step: Sight, model: Model) -> bool:
    """Return whether altering fails: in the state alone it would add the field instead."""
    return changes_database(step, model) and has_plain_bases(model)


def _finding(step: Sight, model: Model, kind: str, name: str) -> Finding:
    key, label = step.migration.key, f"{model.app}.{model.name}"
    meant = nearest(name, list(model.fields))
    advice = (
        f"name {meant}, the nearest field of {label} at this point, or add {name} before."
        if meant
        else f"add {name} to {label} before {key.name}, or take {kind} out."
    )
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} {VERBS[kind]} {label}.{name}, but no such field is there at this point: "
        "migrating stops on every database (FieldDoesNotExist).",
        instead(advice),
        field=f"{label}.{name}",
        nearest=meant,
    )
