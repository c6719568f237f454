"""FLD103: an operation is about a model that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.sight import MODEL_PARAMETERS
from workflow.rules.wording import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD103"
KINDS = [kind for kind in MODEL_PARAMETERS if kind != "CreateModel"]


@over_steps(CODE, "operation on a model that is not there", Severity.ERROR, kinds=KINDS)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding for the first operation on each model that certainly is not there."""
    app, name = step.migration.key.app, step.model_name
    if (
        isinstance(name, str)
        and step.before.model(app, name) is None
        and context.first(CODE, app, name.lower())
    ):
        yield _finding(step, app, name)


def _finding(step: Sight, app: str, name: str) -> Finding:
    key, does = step.migration.key, step.operation.name
    meant = nearest(name, sorted(model.name for model in step.before.models(app)))
    advice = (
        f"name {meant}, the nearest model of {app} at this point, or create {name} before."
        if meant
        else f"create {app}.{name} before {key.name}, or take {does} out."
    )
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} runs {does} on {app}.{name}, but no such model is there at this point: "
        "migrating stops on every database (KeyError).",
        instead(advice),
        model=f"{app}.{name}",
        nearest=meant,
    )
