"""FLD107: a constraint is added that exists, or removed though it is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.parts import added_twice, missing
from workflow.rules.registry import over_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.sight import Sight

CODE = "FLD107"
ADDING = ("AddConstraint", "AddConstraintNotValid")
NAMING = ("RemoveConstraint", "ValidateConstraint", "AlterConstraint")


@over_steps(
    CODE,
    "constraint added twice, or removed though not there",
    Severity.ERROR,
    kinds=[*ADDING, *NAMING],
)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where a constraint operation certainly contradicts the state before."""
    model = step.model
    if model is None:
        return
    if step.operation.kind in ADDING:
        yield from added_twice(context, step, CODE, "constraint", model.constraints)
        return
    name = step.operation.text("name")
    if isinstance(name, str):
        yield from missing(
            context, step, CODE, part="constraint", name=name, there=model.constraints
        )
