"""GRF112: a field points to a model of another app that this migration does not wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.state import Model
from workflow.outcome import Severity
from workflow.rules.context import at
from workflow.rules.registry import over_steps
from workflow.rules.targets import relations_of
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.graph import Graph
    from workflow.history.model import MigrationKey
    from workflow.history.state import Step
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.targets import Relation

CODE = "GRF112"
KINDS = ["CreateModel", "AddField", "AlterField"]


@over_steps(CODE, "relation to another app without dependency", Severity.WARNING, kinds=KINDS)
def check(context: Context, step: Step) -> Iterator[Finding]:
    """Yield a finding where the model is there in time by luck only."""
    graph = context.graph
    key = step.migration.key
    for relation in relations_of(step):
        if relation.app == key.app or graph is None:
            continue
        model = step.before.model(relation.app, relation.name)
        if not isinstance(model, Model) or _waits(graph, key, model.origin.migration):
            continue
        if not context.may_run_before(step.migration, model.origin.migration):
            yield _finding(step, relation, model)


def _waits(graph: Graph, key: MigrationKey, origin: MigrationKey) -> bool:
    return origin in graph.parents.get(key, ()) or origin in graph.ancestors(key)


def _finding(step: Step, relation: Relation, model: Model) -> Finding:
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
