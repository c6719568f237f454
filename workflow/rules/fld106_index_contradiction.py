"""FLD106: an index is added that exists, or removed or renamed though it is not there."""

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

CODE = "FLD106"
ADDING = ("AddIndex", "AddIndexConcurrently")
PARAMETERS = {
    "RemoveIndex": "name",
    "RemoveIndexConcurrently": "name",
    "RenameIndex": "old_name",
}


@over_steps(
    CODE,
    "index added twice, or removed though not there",
    Severity.ERROR,
    kinds=[*ADDING, *PARAMETERS],
)
def check(context: Context, step: Sight) -> Iterator[Finding]:
    """Yield a finding where an index operation certainly contradicts the state before."""
    model, kind = step.model, str(step.operation.kind)
    if model is None:
        return
    if kind in ADDING:
        yield from added_twice(context, step, CODE, "index", model.indexes)
        return
    name = step.operation.text(PARAMETERS[kind])
    if isinstance(name, str):
        yield from missing(context, step, CODE, part="index", name=name, there=model.indexes)
