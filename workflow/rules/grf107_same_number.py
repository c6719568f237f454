"""GRF107: two migrations of one app have the same number."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from workflow.history.model import MigrationKey
from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_history
from workflow.rules.wording import instead, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workflow.history.model import App
    from workflow.outcome import Finding
    from workflow.rules.context import Context

CODE = "GRF107"


@over_history(CODE, "same number twice in one app", Severity.INFO)
def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each number that two migrations have of which one waits for the other.

    Those on two branches have their number by right, and a merge has joined them.
    """
    for app in context.history.apps.values():
        if app.in_project:
            for number, names in _by_number(context, app).items():
                if len(names) > 1 and _follow(context, app.label, names):
                    yield _finding(context, app.label, number, names)


def _follow(context: Context, label: str, names: Sequence[str]) -> bool:
    """Return whether one of these certainly runs after another."""
    keys = [MigrationKey(label, name) for name in names]
    pairs = itertools.permutations(keys, 2)
    return any(context.order.waits_for(first, second) for first, second in pairs)


def _by_number(context: Context, app: App) -> dict[str, list[str]]:
    """Sort names by number. A squash has the number of what it replaces, and that is right."""
    numbers: dict[str, list[str]] = {}
    for name in app.migrations:
        number = name.partition("_")[0]
        if number.isdigit() and not _is_squash(context, app.label, name):
            numbers.setdefault(number, []).append(name)
    return numbers


def _is_squash(context: Context, label: str, name: str) -> bool:
    replaces = context.migration(label, name).replaces
    return bool(replaces.items) or not replaces.complete


def _finding(context: Context, label: str, number: str, names: Sequence[str]) -> Finding:
    return finding(
        CODE,
        Severity.INFO,
        context.migration(label, names[-1]),
        f"{label} has {len(names)} migrations numbered {number}, {listed(names)}, of which "
        f"one waits for another: the names don't show the order, and `migrate {label} {number}` is "
        "ambiguous.",
        instead(f"give {names[-1]} the next free number where nobody has applied it yet."),
        line=1,
        names=list(names),
    )
