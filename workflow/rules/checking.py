"""Running every rule over one history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.rules.context import Context
from workflow.rules.operations import run_by
from workflow.rules.registry import load
from workflow.rules.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workflow.history.graph import Graph
    from workflow.history.model import History
    from workflow.history.values import Unknown
    from workflow.outcome import Finding
    from workflow.rules.registry import Registry, StepCheck

ENOUGH = 300
"""Migrations from which on a second process is worth its start."""


def run_rules(history: History, vendor: str | None) -> list[Finding]:
    """Return what all rules find, sorted by path, line and code."""
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
    yield from _of_all_views(registry, context)


def _of_all_views(registry: Registry, context: Context) -> Iterator[Finding]:
    """Replay each view; where there is a second one to much history, on a second processor."""
    first, *others = context.views
    if not others or len(context.history.migrations) < ENOUGH:
        for view in context.views:
            yield from _replayed(registry, context, view)
        return
    from workflow.history.sharing import both
    from workflow.rules.recall import packed, unpacked

    ours, theirs = both(
        lambda: list(_replayed(registry, context, first)),
        lambda: packed(one for view in others for one in _replayed(registry, context, view)),
    )
    yield from (*ours, *unpacked(theirs))


def _replayed(registry: Registry, context: Context, view: Graph) -> Iterator[Finding]:
    """Walk through one view; every rule that needs a state sees it on the way.

    In a further view, an app without a squash is looked at only for what it has to do with
    other apps: the rest was seen in the first.
    """
    from workflow.history.state import replay

    context.graph = view
    is_first = view is context.views[0]
    migration = step = None
    checks: Mapping[str | Unknown, list[StepCheck]] = {}
    for step in replay(context.history, view):
        if step.migration is not migration:
            migration = step.migration
            all_of_it = is_first or migration.key.app in context.squashed_apps
            checks = registry.steps if all_of_it else registry.crossing
            checks = checks if context.judges(migration) else {}
        rules = checks.get(step.operation.kind)
        if rules and step.operation.certain:
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
