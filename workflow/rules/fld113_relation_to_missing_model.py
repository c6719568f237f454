"""FLD113: a field points to a model that is not there at this point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.wording import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import MigrationKey
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Relation, Sight

CODE = "FLD113"
KINDS = ["CreateModel", "AddField", "AlterField"]


@over_steps(
    CODE, "relation to a model that is not there", Severity.ERROR, kinds=KINDS, crossing=True
)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding for each new relation whose target certainly is not there yet."""
    if step.parent is not None or _leaves_table_alone(step):
        return
    for relation in step.relations:
        if (
            relation.model is None
            and not _is_itself(step, relation)
            and relation.app not in context.unsettled_apps
            and not context.may_be_there(step.migration, relation.app, relation.name)
        ):
            yield _finding(context, step, relation)


def _leaves_table_alone(step: Sight) -> bool:
    """Return whether only the state may hear of this, where the order matters less."""
    if step.operation.kind == "CreateModel":
        options = step.operation.argument("options")
        if options is None:
            return False
        return not isinstance(options, dict) or options.get("managed", True) is not True
    return False


def _is_itself(step: Sight, relation: Relation) -> bool:
    name = step.operation.text("name")
    return relation.app == step.migration.key.app and (
        step.operation.kind == "CreateModel" and str(name).lower() == relation.name
    )


def _finding(context: Context, step: Sight, relation: Relation) -> Finding:
    key, label = step.migration.key, f"{relation.app}.{relation.name}"
    creator = context.census.creators.get((relation.app, relation.name))
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} points from {relation.by} to {label}, but no such model is there at this point: "
        'migrating stops on every database ("Related model cannot be resolved").',
        instead(_advice(step, relation, creator)),
        field=relation.by,
        model=label,
        missing=list(creator) if creator else None,
    )


def _advice(step: Sight, relation: Relation, creator: MigrationKey | None) -> str:
    if creator and creator != step.migration.key:
        return f"add {tuple(creator)!r}, which creates it, to the dependencies."
    if creator:
        return f"create {relation.name} before, or add {relation.by} after it."
    names = sorted(model.name.lower() for model in step.before.models(relation.app))
    meant = nearest(relation.name, names)
    if meant:
        return f"name {relation.app}.{meant}, the nearest model at this point."
    return f"create {relation.app}.{relation.name} before, or point to another model."
