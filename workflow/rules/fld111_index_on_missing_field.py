"""FLD111: an index, a constraint or ``unique_together`` names a field that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Call, Ref
from workflow.outcome import Severity
from workflow.rules.facts import changes_database, lacks_field
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.wording import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.state import Model
    from workflow.history.values import Value
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD111"
PARAMETERS = {
    "AddIndex": "index",
    "AddIndexConcurrently": "index",
    "AddConstraint": "constraint",
    "AddConstraintNotValid": "constraint",
    "AlterUniqueTogether": "unique_together",
    "AlterIndexTogether": "index_together",
}
WHAT = {
    "index": "an index",
    "constraint": "a constraint",
    "unique_together": "unique_together",
    "index_together": "index_together",
}
READABLE = frozenset(
    f"django.db.models.{path}"
    for path in ("Index", "UniqueConstraint", "indexes.Index", "constraints.UniqueConstraint")
) | frozenset(
    f"django.contrib.postgres.indexes.{kind}Index"
    for kind in ("Bloom", "Brin", "BTree", "Gin", "Gist", "Hash", "SpGist")
)


@over_steps(CODE, "index on a field that is not there", Severity.ERROR, kinds=PARAMETERS)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding for each named field that the model certainly lacks."""
    del context
    model = step.model
    if model is None or not changes_database(step, model):
        return
    parameter = PARAMETERS[str(step.operation.kind)]
    for name in _names(step.operation.argument(parameter)):
        if lacks_field(model, name):
            yield _finding(step, model, parameter, name)


def _names(value: Value) -> Iterator[str]:
    """Yield the field names in an index, a constraint, or one or several tuples of names."""
    if isinstance(value, Call):
        if value.path in READABLE:
            yield from _names(value.argument("fields"))
        return
    if isinstance(value, tuple) and not isinstance(value, Ref):
        for item in value:
            if isinstance(item, str):
                yield item.removeprefix("-")
            else:
                yield from _names(item)


def _finding(step: Sight, model: Model, parameter: str, name: str) -> Finding:
    key, label = step.migration.key, f"{model.app}.{model.name}"
    meant = nearest(name, list(model.fields))
    advice = (
        f"name {meant}, the nearest field of {label} at this point, or add {name} before."
        if meant
        else f"add {name} to {label} before, or take it out of the {parameter}."
    )
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} puts {name} into {WHAT[parameter]} of {label}, but no such field is there at this "
        "point: migrating stops on every database (FieldDoesNotExist).",
        instead(advice),
        field=f"{label}.{name}",
        nearest=meant,
    )
