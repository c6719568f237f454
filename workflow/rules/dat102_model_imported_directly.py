"""DAT102: a data migration uses a model class as it is today, not as it was then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workflow.history.values import Ref
from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.operations import run_by
from workflow.rules.registry import over_migrations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Body, Function, Migration
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "DAT102"
MANAGERS = ("objects", "_default_manager", "_base_manager")


class Used(NamedTuple):
    """A model class that a function of the migration reads."""

    function: Function
    path: str
    app: str
    model: str
    line: int


@over_migrations(CODE, "model imported into a data migration", Severity.WARNING)
def check(context: Context, migration: Migration) -> Iterator[Finding]:
    """Yield a finding for each model class that code run by the migration certainly reads."""
    if not migration.body.functions:
        return
    seen: set[str] = set()
    for function in _functions(migration):
        for used in _used(context, migration.body, function):
            if used.path not in seen:
                seen.add(used.path)
                yield _finding(migration, used)


def _functions(migration: Migration) -> Iterator[Function]:
    """Yield the functions that RunPython calls, and those of the same file that these call."""
    known = migration.body.functions
    todo = [
        value.path
        for placed in run_by(migration)
        if placed.operation.kind == "RunPython"
        for value in placed.operation.args.values()
        if isinstance(value, Ref)
    ]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen or name.removeprefix(".") not in known:
            continue
        seen.add(name)
        function = known[name.removeprefix(".")]
        yield function
        todo += function.names


def _used(context: Context, body: Body, function: Function) -> Iterator[Used]:
    for path in function.names:
        found = context.census.model_class(path)
        if found and _is_queried(path, function.names):
            lines = [one.line for one in body.imports if path.startswith(one.path)]
            yield Used(function, path, *found, max(lines, default=function.line))


def _is_queried(path: str, names: tuple[str, ...]) -> bool:
    """Return whether the class itself is used, not just a constant that stands on it."""
    inside = {name for name in names if name.startswith(f"{path}.")}
    return not inside or any(f"{path}.{manager}" in inside for manager in MANAGERS)


def _finding(migration: Migration, used: Used) -> Finding:
    return finding(
        CODE,
        Severity.WARNING,
        migration,
        f"{migration.key} uses {used.path} in {used.function.name}, the class as it is today: once "
        f"{used.model} gets another field, a fresh database no longer builds.",
        instead(
            f"{used.model} = apps.get_model({used.app!r}, {used.model!r}) in "
            f"{used.function.name}, which is the model as it was at this point."
        ),
        line=used.line,
        model=f"{used.app}.{used.model}",
        function=used.function.name,
    )
