"""FLD114: a model is deleted while a field still points to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.fields import Field
from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_states
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.state import Model, State
    from workflow.outcome import Finding
    from workflow.rules.census import Deletion
    from workflow.rules.context import Context

CODE = "FLD114"


@over_states(CODE, "model deleted that is still pointed to", Severity.ERROR)
def check(context: Context, state: State) -> Iterator[Finding]:
    """Yield a finding for each relation that leads nowhere in the end."""
    for model in state.models():
        for name in model.fields:
            field = model.field(name)
            if not isinstance(field, Field) or field.is_relation is not True:
                continue
            target = field.related_to(*model.key)
            if isinstance(target, tuple) and state.model(*target) is None:
                yield from _findings(context, model, name, target)


def _findings(
    context: Context, model: Model, field: str, target: tuple[str, str]
) -> Iterator[Finding]:
    """Yield where a migration deletes the target: without one, it never was there."""
    deletion = context.census.deletions.get(target)
    if deletion and context.judges(deletion.migration):
        yield _finding(deletion, model, field, target)


def _finding(deletion: Deletion, model: Model, field: str, target: tuple[str, str]) -> Finding:
    key, label = deletion.migration.key, f"{model.app}.{model.name}.{field}"
    return finding(
        CODE,
        Severity.ERROR,
        deletion.migration,
        f"{key} deletes {target[0]}.{target[1]}, but {label} still points to it: Django can't "
        "build the models after this, and the next migration stops.",
        instead(f"remove or alter {label} before the model is deleted."),
        line=deletion.operation.line,
        operation=deletion.operation.position,
        field=label,
        model=".".join(target),
    )
