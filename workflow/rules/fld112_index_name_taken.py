"""FLD112: two models have an index or a constraint of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.facts import has_table, severity_of_clash
from workflow.rules.findings import finding
from workflow.rules.registry import over_states
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workflow.history.state import Model, State
    from workflow.history.values import Call
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "FLD112"
SEVERITIES = (Severity.ERROR, Severity.WARNING)


@over_states(CODE, "same index or constraint name on two models", *SEVERITIES)
def check(context: Context, state: State) -> Iterator[Finding]:
    """Yield a finding for each name that an earlier model has already, in the end."""
    names: dict[tuple[str, str], Model] = {}
    for model in state.models():
        for part, name in _names(model) if has_table(model) else ():
            other = names.setdefault((part, name), model)
            if other is not model:
                first, second = sorted([other, model], key=lambda one: _made(context, one, name))
                if _certain(context, second, name):
                    yield _finding(context, part, name, first, second)


def _made(context: Context, model: Model, name: str) -> int:
    """Return when the model got the index or constraint."""
    return context.order.place_of(model.origins.get(name, model.origin).migration)


def _names(model: Model) -> Iterator[tuple[str, str]]:
    parts: dict[str, Mapping[str, Call | None]] = {
        "index": model.indexes,
        "constraint": model.constraints,
    }
    for part, there in parts.items():
        for name in there:
            if name not in model.unsure and "%" not in name:
                yield part, name


def _certain(context: Context, model: Model, name: str) -> bool:
    origin = model.origins.get(name, model.origin)
    return context.judges(context.history.migrations[origin.migration])


def _finding(context: Context, part: str, name: str, first: Model, second: Model) -> Finding:
    origin = second.origins.get(name, second.origin)
    return finding(
        CODE,
        severity_of_clash(first, second),
        context.history.migrations[origin.migration],
        f"{second.app}.{second.name} and {first.app}.{first.name} share the {part} name {name}: "
        "Django refuses such models, and PostgreSQL and SQLite stop because the name is taken.",
        instead(f"give the {part} of {second.app}.{second.name} a name of its own."),
        line=origin.line,
        operation=origin.operation,
        name=name,
        models=[f"{first.app}.{first.name}", f"{second.app}.{second.name}"],
    )
