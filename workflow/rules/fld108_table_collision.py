"""FLD108: two models keep their rows in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.facts import has_table, is_state_only, severity_of_clash, table_of
from workflow.rules.findings import finding
from workflow.rules.registry import over_states
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.state import Model, State
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "FLD108"


@over_states(CODE, "two models in one table", Severity.ERROR, Severity.WARNING)
def check(context: Context, state: State) -> Iterator[Finding]:
    """Yield a finding for each model whose table an earlier one has already."""
    if _may_be_spread(context):
        return
    tables: dict[str, Model] = {}
    place_of = context.order.place_of
    models = sorted(state.models(), key=lambda model: place_of(model.origin.migration))
    for model in models:
        table = table_of(model)
        if table is None or not has_table(model) or model.swappable is not None:
            continue
        first = tables.setdefault(table, model)
        if first is not model and _certain(context, model):
            yield _finding(context, table, first, model)


def _may_be_spread(context: Context) -> bool:
    """Return whether a router may keep models in different databases."""
    routers = context.history.settings.get("DATABASE_ROUTERS", ())
    return routers != ()


def _certain(context: Context, model: Model) -> bool:
    migration = context.history.migrations[model.origin.migration]
    return context.judges(migration) and not is_state_only(context, model.origin)


def _finding(context: Context, table: str, first: Model, second: Model) -> Finding:
    migration = context.history.migrations[second.origin.migration]
    return finding(
        CODE,
        severity_of_clash(first, second),
        migration,
        f"{first.app}.{first.name} and {second.app}.{second.name} both keep their rows in the "
        f"table {table}: the second one can't be created, and migrating stops.",
        instead(f"give {second.app}.{second.name} a `db_table` of its own."),
        line=second.origin.line,
        operation=second.origin.operation,
        table=table,
        models=[f"{first.app}.{first.name}", f"{second.app}.{second.name}"],
    )
