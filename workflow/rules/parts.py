"""What the rules about indexes and about constraints share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Call
from workflow.outcome import Severity
from workflow.rules.facts import changes_database, is_state_only
from workflow.rules.findings import at
from workflow.rules.wording import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workflow.history.state import Model
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight


def added_name(step: Sight, part: str) -> str | None:
    """Return the name of the index or constraint that an operation adds."""
    call = step.operation.argument(part)
    name = call.argument("name") if isinstance(call, Call) else None
    return name if isinstance(name, str) else None


def added_twice(
    context: Context, step: Sight, code: str, part: str, there: Mapping[str, Call | None]
) -> Iterator[Finding]:
    """Yield a finding where the model certainly has an index or constraint of this name."""
    model, name = step.model, added_name(step, part)
    if model is None or name is None or name not in there or name in model.unsure:
        return
    origin = model.origins.get(name, model.origin)
    if changes_database(step, model) and not is_state_only(context, origin):
        yield _finding(
            step,
            code,
            model,
            f"adds the {part} {name} to {model.app}.{model.name}, which {origin.migration} has "
            "added already: the name is taken by then, and migrating stops.",
            advice=f"take {step.operation.name} out of {step.migration.key.name}, or name it "
            "otherwise.",
            name=name,
        )


def missing(  # noqa: PLR0913 - the parts of one question
    context: Context,
    step: Sight,
    code: str,
    *,
    part: str,
    name: str,
    there: Mapping[str, Call | None],
) -> Iterator[Finding]:
    """Yield a finding where the model certainly has no index or constraint of this name."""
    model = step.model
    if model is None or not model.closed or name in there or name in model.unsure:
        return
    if changes_database(step, model) and context.first(code, model.app, model.name, name):
        meant = nearest(name, list(there))
        yield _finding(
            step,
            code,
            model,
            f"runs {step.operation.name} on the {part} {name} of {model.app}.{model.name}, but "
            "no such name is there at this point: migrating stops (ValueError).",
            advice=f"name {meant}, the nearest at this point, or add {name} before."
            if meant
            else f"add {name} before {step.migration.key.name}, or take the operation out.",
            name=name,
        )


def _finding(  # noqa: PLR0913 - the parts of one sentence
    step: Sight, code: str, model: Model, fact: str, *, advice: str, name: str
) -> Finding:
    return at(
        step,
        code,
        Severity.ERROR,
        f"{step.migration.key} {fact}",
        instead(advice),
        model=f"{model.app}.{model.name}",
        name=name,
    )
