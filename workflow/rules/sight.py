"""One step of the replay, and what it is about: each worked out once for all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workflow.history.fields import field_of
from workflow.history.state import Model
from workflow.history.values import UNKNOWN, Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.fields import Field
    from workflow.history.model import Operation
    from workflow.history.state import Step
    from workflow.history.values import Unknown, Value

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
BRINGING_FIELDS = frozenset({"CreateModel", "AddField", "AlterField"})


class Relation(NamedTuple):
    """What a field points to: an app and a model in lower case, and the model at this point."""

    app: str
    name: str
    by: str
    model: Model | Unknown | None


class Sight:
    """A step with its model, its new fields and what these point to.

    ``model_name``: the model that the operation is about. ``model``: that model, where it is
    certainly there. ``fields``: the one that the operation adds or alters, and of a new model
    those that may point to another.
    ``relations``: what these certainly point to. As the step's own state, all this is right
    only until the next step.
    """

    __slots__ = (
        "app",
        "before",
        "fields",
        "migration",
        "model",
        "model_name",
        "operation",
        "parent",
        "relations",
    )

    def __init__(self, step: Step) -> None:
        self.migration, self.operation, self.parent, self.before = step
        self.app = self.migration.key.app
        kind = self.operation.kind
        parameter = MODEL_PARAMETERS.get(kind) if isinstance(kind, str) else None
        self.model_name: str | Unknown = UNKNOWN
        self.model: Model | None = None
        if parameter is not None:
            self.model_name = self.operation.text(parameter)
            if isinstance(self.model_name, str):
                model = self.before.model(self.app, self.model_name)
                self.model = model if isinstance(model, Model) else None
        self.fields = tuple(_fields(self.operation)) if kind in BRINGING_FIELDS else ()
        self.relations = tuple(self._relations()) if self.fields else ()

    def _relations(self) -> Iterator[Relation]:
        for field in self.fields:
            if field.is_relation is not True:
                continue
            related = field.related_to(self.app, str(self.model_name))
            if isinstance(related, tuple):
                yield Relation(*related, field.name, self.before.model(*related))
            through = field.argument("through") if field.kind == "ManyToManyField" else None
            if isinstance(through, str):
                label, _, name = through.lower().rpartition(".")
                app = through[: len(label)] or self.app
                yield Relation(app, name, field.name, self.before.model(app, name))


def _fields(operation: Operation) -> Iterator[Field]:
    if operation.kind == "CreateModel":
        for name, value in _pairs(operation.argument("fields")):
            if isinstance(value, Call) and (value.args or "to" in value.kwargs):
                yield field_of(name, value)
        return
    added = operation.text("name")
    if isinstance(added, str):
        yield field_of(added, operation.argument("field"))


def _pairs(value: Value) -> Iterator[tuple[str, Value]]:
    """Yield the known ``(name, field)`` pairs of a list of fields."""
    for item in value if isinstance(value, tuple) and not isinstance(value, Call) else ():
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
            yield item[0], item[1]
