"""Running every rule over one history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.rules.context import Context
from workflow.rules.operations import run_by
from workflow.rules.registry import load
from workflow.rules.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.graph import Graph
    from workflow.history.model import History
    from workflow.outcome import Finding
    from workflow.rules.registry import Registry


def check(history: History, *, vendor: str | None = None) -> list[Finding]:
    """Return what all rules find, sorted by path, line and code.

    ``vendor`` is Django's name for the database engine, such as ``"postgresql"``, where it
    is known; rules that depend on one are silent without it.
    """
    registry = load()
    context = Context(history, vendor)
    found: dict[tuple[object, ...], Finding] = {}
    for finding in _all(registry, context):
        place = (finding.code, finding.path, finding.line, finding.operation, finding.app)
        found.setdefault(place, finding)
    return sorted(found.values(), key=_by_place)


def _all(registry: Registry, context: Context) -> Iterator[Finding]:
    for rule in registry.history:
        yield from rule(context)
    for migration in context.migrations:
        for check_migration in registry.migrations:
            yield from check_migration(context, migration)
        for placed in run_by(migration):
            for check_operation in registry.operations.get(placed.operation.kind, ()):
                yield from check_operation(context, migration, placed)
    for view in context.views:
        yield from _replayed(registry, context, view)


def _replayed(registry: Registry, context: Context, view: Graph) -> Iterator[Finding]:
    """Walk through one view; every rule that needs a state sees it on the way."""
    from workflow.history.state import replay

    context.graph = view
    step = None
    for step in replay(context.history, view):
        rules = registry.steps.get(step.operation.kind)
        if rules and step.operation.certain and context.judges(step.migration):
            sight = Sight(step)
            for rule in rules:
                yield from rule(context, sight)
    if step is not None:
        for check_end in registry.states:
            yield from check_end(context, step.before)


def _by_place(finding: Finding) -> tuple[str, int, str, int, str]:
    return (
        finding.path or "",
        finding.line or 0,
        finding.code,
        finding.operation or 0,
        finding.message,
    )
