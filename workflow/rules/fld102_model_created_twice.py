"""FLD102: a model is created that exists already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.state import Model
from workflow.outcome import Severity
from workflow.rules.facts import has_table, is_state_only
from workflow.rules.findings import at
from workflow.rules.registry import over_steps
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD102"


@over_steps(CODE, "model created that exists already", Severity.ERROR, kinds=["CreateModel"])
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where the state before certainly holds the model, table and all."""
    name = step.operation.text("name")
    if step.parent is not None or not step.operation.is_django or not isinstance(name, str):
        return
    model = step.before.model(step.migration.key.app, name)
    if (
        isinstance(model, Model)
        and has_table(model)
        and not _leaves_table_alone(step)
        and not is_state_only(context, model.origin)
    ):
        yield _finding(context, step, model)


def _leaves_table_alone(step: Sight) -> bool:
    options = step.operation.argument("options", {})
    if not isinstance(options, dict):
        return options is not None
    return options.get("managed", True) is not True or options.get("proxy", False) is not False


def _finding(context: Context, step: Sight, model: Model) -> Finding:
    key, origin = step.migration.key, model.origin
    return at(
        step,
        CODE,
        Severity.ERROR,
        f"{key} creates {model.app}.{model.name}, which {origin.migration} has created already: "
        "the table exists by then, and migrating stops on every database.",
        instead(f"take CreateModel({model.name!r}) out of {key.name}, or choose another name."),
        model=f"{model.app}.{model.name}",
        first={
            "migration": list(origin.migration),
            "path": context.path_of(origin.migration),
            "line": origin.line,
        },
    )
