"""What an operation is about: its model, its field, and what these point to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workflow.history.fields import Field, field_of
from workflow.history.state import Model
from workflow.history.values import Call, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.state import Step
    from workflow.history.values import Value

MODEL_PARAMETERS = {
    "CreateModel": "name",
    "DeleteModel": "name",
    "RenameModel": "old_name",
    "AlterModelTable": "name",
    "AlterModelTableComment": "name",
    "AlterUniqueTogether": "name",
    "AlterIndexTogether": "name",
    "AlterOrderWithRespectTo": "name",
    "AlterModelOptions": "name",
    "AlterModelManagers": "name",
    "AddField": "model_name",
    "RemoveField": "model_name",
    "AlterField": "model_name",
    "RenameField": "model_name",
    "AddIndex": "model_name",
    "RemoveIndex": "model_name",
    "RenameIndex": "model_name",
    "AddConstraint": "model_name",
    "RemoveConstraint": "model_name",
    "AlterConstraint": "model_name",
    "ValidateConstraint": "model_name",
    "AddIndexConcurrently": "model_name",
    "RemoveIndexConcurrently": "model_name",
    "AddConstraintNotValid": "model_name",
}


def model_name_of(step: Step) -> str | Unknown:
    """Return the name of the model that an operation is about."""
    kind = step.operation.kind
    parameter = MODEL_PARAMETERS.get(kind) if isinstance(kind, str) else None
    return step.operation.text(parameter) if parameter else Unknown.UNKNOWN


def model_of(step: Step) -> Model | None:
    """Return the model that an operation is about where it is certainly there."""
    name = model_name_of(step)
    if isinstance(name, Unknown):
        return None
    model = step.before.model(step.migration.key.app, name)
    return model if isinstance(model, Model) else None


def new_fields_of(step: Step) -> Iterator[Field]:
    """Yield the fields that an operation brings, as far as they are known."""
    operation = step.operation
    if operation.kind in {"AddField", "AlterField"}:
        name = operation.text("name")
        if isinstance(name, str):
            yield field_of(name, operation.argument("field"))
    elif operation.kind == "CreateModel":
        for name, value in pairs_of(operation.argument("fields")):
            yield field_of(name, value)


def pairs_of(value: Value) -> Iterator[tuple[str, Value]]:
    """Yield the known ``(name, field)`` pairs of a list of fields."""
    for item in value if isinstance(value, tuple) and not isinstance(value, Call) else ():
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
            yield item[0], item[1]


class Relation(NamedTuple):
    """A model that a field points to. ``name`` is in lower case."""

    app: str
    name: str
    by: str
    line: int


def relations_of(step: Step) -> Iterator[Relation]:
    """Yield what the new fields of an operation certainly point to."""
    app, model = step.migration.key.app, str(model_name_of(step))
    for field in new_fields_of(step):
        related = field.related_to(app, model)
        if isinstance(related, tuple):
            yield Relation(*related, field.name, field.line)
        through = field.argument("through") if field.kind == "ManyToManyField" else None
        if isinstance(through, str):
            label, _, name = through.rpartition(".")
            yield Relation(label or app, name.lower(), field.name, field.line)
