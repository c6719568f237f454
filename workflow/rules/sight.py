"""One step of the replay, and what it is about: each worked out once for all rules."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workflow.history.fields import Field, field_of
from workflow.history.state import Model
from workflow.history.values import UNKNOWN, Call

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class Relation(NamedTuple):
    """A model that a field points to. ``name`` is in lower case."""

    app: str
    name: str
    by: str


class Sight:
    """A step with its model, its new fields and what these point to.

    As the step's own state, it is right only until the next step.
    """

    def __init__(self, step: Step) -> None:
        self.migration, self.operation, self.parent, self.before = step
        self.app = step.migration.key.app

    @cached_property
    def model_name(self) -> str | Unknown:
        """The name of the model that the operation is about."""
        kind = self.operation.kind
        parameter = MODEL_PARAMETERS.get(kind) if isinstance(kind, str) else None
        return self.operation.text(parameter) if parameter else UNKNOWN

    @cached_property
    def model(self) -> Model | None:
        """The model that the operation is about where it is certainly there."""
        if not isinstance(self.model_name, str):
            return None
        model = self.before.model(self.app, self.model_name)
        return model if isinstance(model, Model) else None

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields that the operation brings, as far as they are known."""
        if self.operation.kind == "CreateModel":
            pairs = _pairs(self.operation.argument("fields"))
            return tuple([field_of(name, value) for name, value in pairs])
        name = self.operation.text("name")
        return (field_of(name, self.operation.argument("field")),) if isinstance(name, str) else ()

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """What the new fields certainly point to."""
        return tuple(self._relations())

    def _relations(self) -> Iterator[Relation]:
        for field in self.fields:
            if field.is_relation is not True:
                continue
            related = field.related_to(self.app, str(self.model_name))
            if isinstance(related, tuple):
                yield Relation(*related, field.name)
            through = field.argument("through") if field.kind == "ManyToManyField" else None
            if isinstance(through, str):
                label, _, name = through.rpartition(".")
                yield Relation(label or self.app, name.lower(), field.name)


def _pairs(value: Value) -> Iterator[tuple[str, Value]]:
    """Yield the known ``(name, field)`` pairs of a list of fields."""
    for item in value if isinstance(value, tuple) and not isinstance(value, Call) else ():
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
            yield item[0], item[1]
