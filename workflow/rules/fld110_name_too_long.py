"""FLD110: a name is longer than the database, or Django, takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workflow.history.values import Call
from workflow.outcome import Severity
from workflow.rules.facts import has_table
from workflow.rules.findings import finding
from workflow.rules.limits import ENGINES, IDENTIFIERS, INDEX_NAME
from workflow.rules.registry import over_states
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.state import Model, Origin, State
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "FLD110"


class Name(NamedTuple):
    """Something that has a name in the database."""

    kind: str
    text: str
    limit: int
    who: str
    origin: Origin


@over_states(CODE, "name too long", Severity.ERROR)
def check(context: Context, state: State) -> Iterator[Finding]:
    """Yield a finding for each name that is certainly too long in the end."""
    for model in state.models():
        if has_table(model) and context.in_project(model.app):
            for name in _names(context, model):
                if len(name.text) > name.limit:
                    yield _finding(context, model, name)


def _names(context: Context, model: Model) -> Iterator[Name]:
    """Yield the names that count: Django shortens a table's own and PostgreSQL a constraint's."""
    engine = context.vendor or ""
    limit = IDENTIFIERS.get(engine)
    if limit is not None:
        who = ENGINES[engine]
        for field in model.fields.values():
            column = field.column
            if isinstance(column, str) and field.name not in model.unsure:
                yield Name("column", column, limit, who, _origin(model, field.name))
        for name in model.constraints if engine in {"mysql", "mariadb"} else ():
            yield Name("constraint", name, limit, who, _origin(model, name))
    for name, call in model.indexes.items():
        if name not in model.unsure and isinstance(call, Call) and _is_plain(call):
            yield Name("index", name, INDEX_NAME, "Django", _origin(model, name))


def _origin(model: Model, name: str) -> Origin:
    return model.origins.get(name, model.origin)


def _is_plain(call: Call) -> bool:
    """Return whether this is Django's own class: another may set another limit."""
    return call.path in {"django.db.models.Index", "django.db.models.indexes.Index"}


def _finding(context: Context, model: Model, name: Name) -> Finding:
    migration = context.history.migrations[name.origin.migration]
    return finding(
        CODE,
        Severity.ERROR,
        migration,
        f"{migration.key} names the {name.kind} {name.text} of {model.app}.{model.name} with "
        f"{len(name.text)} characters, and {name.who} takes {name.limit}: `migrate` "
        "refuses to run.",
        instead(f"choose a name of at most {name.limit} characters."),
        line=name.origin.line,
        operation=name.origin.operation,
        name=name.text,
        limit=name.limit,
    )
