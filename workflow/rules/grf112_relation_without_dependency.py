"""GRF112: a field points to a model of another app that this migration does not wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.state import Model
from workflow.outcome import Severity
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Relation, Sight

CODE = "GRF112"
KINDS = ["CreateModel", "AddField", "AlterField"]


@over_steps(
    CODE, "relation to another app without dependency", Severity.WARNING, kinds=KINDS, crossing=True
)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where the model is there in time by luck only."""
    key = step.migration.key
    for relation in step.relations:
        if relation.app == key.app:
            continue
        model = relation.model
        if not isinstance(model, Model) or context.order.waits_for(key, model.origin.migration):
            continue
        if not context.order.may_run_before(key, model.origin.migration):
            yield _finding(step, relation, model)


def _finding(step: Sight, relation: Relation, model: Model) -> Finding:
    key, origin = step.migration.key, model.origin.migration
    return at(
        step,
        CODE,
        Severity.WARNING,
        f"{key} points from {relation.by} to {model.app}.{model.name}, which {origin} creates, but "
        f"does not wait for it: `migrate {key.app}` alone, or another order of apps, stops with "
        '"Related model cannot be resolved".',
        instead(f"add {tuple(origin)!r} to the dependencies of {key}."),
        field=relation.by,
        model=f"{model.app}.{model.name}",
        missing=list(origin),
    )
