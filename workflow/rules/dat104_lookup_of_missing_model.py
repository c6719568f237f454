"""DAT104: a data migration asks for a model that is not there at this point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Ref
from workflow.outcome import Severity
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.wording import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Function, ModelLookup
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "DAT104"


@over_steps(
    CODE,
    "get_model of a model that is not there",
    Severity.WARNING,
    kinds=["RunPython"],
    crossing=True,
)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding for each lookup that certainly fails when the migration runs."""
    code = step.operation.argument("code")
    if step.parent is not None or not isinstance(code, Ref) or not code.path.startswith("."):
        return
    function = step.migration.body.functions.get(code.path[1:])
    if function is None or function.decorated:
        return
    for lookup in function.lookups:
        if (
            isinstance(lookup.app, str)
            and isinstance(lookup.model, str)
            and lookup.app not in context.unsettled_apps
            and step.before.model(lookup.app, lookup.model) is None
            and not context.may_be_there(step.migration, lookup.app, lookup.model)
        ):
            yield _finding(context, step, function, lookup)


def _finding(context: Context, step: Sight, function: Function, lookup: ModelLookup) -> Finding:
    key, app, model = step.migration.key, str(lookup.app), str(lookup.model)
    creator = context.census.creators.get((app, model.lower()))
    meant = nearest(model, sorted(one.name for one in step.before.models(app)))
    if creator and creator not in {key, *step_ancestors(context, step)}:
        advice = f"add {tuple(creator)!r}, which creates it, to the dependencies of {key.name}."
    elif meant:
        advice = f"apps.get_model({app!r}, {meant!r}), the nearest model at this point."
    else:
        advice = f"create {app}.{model} before, or take the lookup out."
    return at(
        step,
        CODE,
        Severity.WARNING,
        f"{key} asks for {app}.{model} in {function.name}, but no such model is there at this "
        "point: once the lookup runs, migrating stops (LookupError).",
        instead(advice),
        model=f"{app}.{model}",
        function=function.name,
        nearest=meant,
    )._replace(line=lookup.line)


def step_ancestors(context: Context, step: Sight) -> frozenset[object]:
    """Return what certainly runs before this step's migration."""
    return frozenset(context.graph.ancestors(step.migration.key) if context.graph else ())
