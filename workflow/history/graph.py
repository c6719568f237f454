"""The graph of migrations, as Django's loader would build it.

Nothing here recurses, so the depth of a history does not matter.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from workflow.history.model import MigrationKey, Reference

    Edges = dict[MigrationKey, set[MigrationKey]]


class BrokenReference(NamedTuple):
    """A certain reference to something that certainly does not exist.

    ``kind`` is ``"dependencies"`` or ``"run_before"``. ``app_exists`` tells an app that
    is not there from a migration that is not there.
    """

    migration: MigrationKey
    kind: str
    reference: Reference
    app_exists: bool


class Graph:
    """One view of the history. Frozen once built.

    ``parents`` and ``children``: edges that certainly exist, sorted; every migration that
    counts in this view is a key of both.
    ``maybe``: edges (child, parent) that exist under a condition; in no other attribute.
    ``broken``: references that lead nowhere. Those to external apps are not among them.
    ``replaced``: each migration that does not count here, with the one that stands for it: an
    original with its squash. In the full view a squash stands only for what is gone.
    ``dropped``: squashes that do not count here, because their originals do.
    ``open_apps``: labels of apps in which there may be more edges than are known, so that
    their roots and leaves are not certain.
    """

    def __init__(  # noqa: PLR0913 - frozen data has as many parts as it has
        self,
        parents: Mapping[MigrationKey, tuple[MigrationKey, ...]],
        *,
        maybe: frozenset[tuple[MigrationKey, MigrationKey]] = frozenset(),
        broken: tuple[BrokenReference, ...] = (),
        replaced: Mapping[MigrationKey, MigrationKey] | None = None,
        dropped: frozenset[MigrationKey] = frozenset(),
        open_apps: frozenset[str] = frozenset(),
    ) -> None:
        self.parents = parents
        self.children = _reversed(parents)
        self.maybe = maybe
        self.broken = broken
        self.replaced = replaced or {}
        self.dropped = dropped
        self.open_apps = open_apps
        self._ancestors: dict[MigrationKey, frozenset[MigrationKey]] = {}
        self._by_app: dict[str, list[MigrationKey]] = {}
        for key in sorted(parents):
            self._by_app.setdefault(key.app, []).append(key)

    def of_app(self, app: str) -> tuple[MigrationKey, ...]:
        """Return the app's migrations, sorted by name."""
        return tuple(self._by_app.get(app, ()))

    def roots(self, app: str) -> tuple[MigrationKey, ...]:
        """Return the app's migrations that depend on none of the same app, sorted."""
        return tuple(_without(self.of_app(app), self.parents))

    def leaves(self, app: str) -> tuple[MigrationKey, ...]:
        """Return the app's migrations that none of the same app depends on, sorted.

        Certain only where the app is not in ``open_apps``.
        """
        return tuple(_without(self.of_app(app), self.children))

    def all_leaves(self) -> tuple[MigrationKey, ...]:
        """Return the leaves of every app, sorted."""
        return tuple(leaf for app in sorted(self._by_app) for leaf in self.leaves(app))

    def ancestors(self, key: MigrationKey) -> frozenset[MigrationKey]:
        """Return everything that certainly runs before this migration, itself left out.

        Itself is among them where it stands on a cycle.
        """
        if key not in self._ancestors:
            self._ancestors[key] = _reachable(self.parents, key)
        return self._ancestors[key]

    def descendants(self, key: MigrationKey) -> frozenset[MigrationKey]:
        """Return everything that certainly runs after this migration."""
        return _reachable(self.children, key)

    def plan(self, targets: Iterable[MigrationKey] | None = None) -> tuple[MigrationKey, ...]:
        """Return the order in which Django would apply these and all they depend on.

        Without targets, everything. Where there is a cycle, the order is right for
        whatever is not on it.
        """
        starts = self.all_leaves() if targets is None else tuple(targets)
        order: dict[MigrationKey, None] = {}
        for start in starts:
            self._visit(start, order)
        if targets is None:
            for key in sorted(self.parents.keys() - order.keys()):
                self._visit(key, order)
        return tuple(order)

    def _visit(self, start: MigrationKey, order: dict[MigrationKey, None]) -> None:
        """Add a migration and its ancestors, in the order of Django's own depth-first walk."""
        entered: set[MigrationKey] = set()
        stack = [(start, False)]
        while stack:
            key, is_done = stack.pop()
            if is_done:
                order.setdefault(key)
            elif key not in order and key not in entered:
                entered.add(key)
                stack.append((key, True))
                stack += [(parent, False) for parent in self.parents.get(key, ())]

    def cycles(self) -> tuple[tuple[MigrationKey, ...], ...]:
        """Return one shortest cycle for each knot of migrations that wait for one another.

        Each begins with its least key and goes from child to parent.
        """
        left = _on_cycles(self.parents, self.children)
        cycles = []
        while left:
            cycle = _shortest_cycle(self.parents, left, min(left))
            if cycle:
                knot = _knot(self.parents, self.children, cycle[0])
                cycles.append(_shortest_in(self.parents, knot))
                left -= knot
            else:
                left.remove(min(left))
        return tuple(cycles)


def _reversed(
    edges: Mapping[MigrationKey, tuple[MigrationKey, ...]],
) -> dict[MigrationKey, tuple[MigrationKey, ...]]:
    result: dict[MigrationKey, list[MigrationKey]] = {key: [] for key in edges}
    for child in sorted(edges):
        for parent in edges[child]:
            result[parent].append(child)
    return {key: tuple(children) for key, children in result.items()}


def _without(
    keys: Iterable[MigrationKey], edges: Mapping[MigrationKey, tuple[MigrationKey, ...]]
) -> list[MigrationKey]:
    """Return the keys that have no edge inside their own app."""
    return [key for key in keys if all(other.app != key.app for other in edges[key])]


def _reachable(
    edges: Mapping[MigrationKey, tuple[MigrationKey, ...]], start: MigrationKey
) -> frozenset[MigrationKey]:
    found: set[MigrationKey] = set()
    todo = list(edges.get(start, ()))
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo += edges.get(key, ())
    return frozenset(found)


def _on_cycles(
    parents: Mapping[MigrationKey, tuple[MigrationKey, ...]],
    children: Mapping[MigrationKey, tuple[MigrationKey, ...]],
) -> set[MigrationKey]:
    """Return what is left once everything that can be put in order is taken away."""
    left = set(parents)
    for edges, back in ((parents, children), (children, parents)):
        waiting = {key: sum(other in left for other in edges[key]) for key in left}
        free = [key for key, count in waiting.items() if not count]
        heapify(free)
        while free:
            key = heappop(free)
            left.discard(key)
            for other in back[key]:
                if other in left:
                    waiting[other] -= 1
                    if not waiting[other]:
                        heappush(free, other)
    return left


def _shortest_cycle(
    parents: Mapping[MigrationKey, tuple[MigrationKey, ...]],
    inside: Collection[MigrationKey],
    start: MigrationKey,
) -> tuple[MigrationKey, ...]:
    """Return the shortest way from ``start`` back to itself, empty where there is none."""
    came_from: dict[MigrationKey, MigrationKey] = {}
    level = [start]
    while level:
        following = []
        for key in level:
            for parent in parents[key]:
                if parent == start:
                    return _way(came_from, start, key)
                if parent in inside and parent not in came_from:
                    came_from[parent] = key
                    following.append(parent)
        level = following
    return ()


def _shortest_in(
    parents: Mapping[MigrationKey, tuple[MigrationKey, ...]], knot: frozenset[MigrationKey]
) -> tuple[MigrationKey, ...]:
    """Return the shortest cycle of a knot. Of a big one, the shortest through 200 of it."""
    cycles = (_shortest_cycle(parents, knot, start) for start in sorted(knot)[:200])
    return min((cycle for cycle in cycles if cycle), key=len)


def _way(
    came_from: Mapping[MigrationKey, MigrationKey], start: MigrationKey, end: MigrationKey
) -> tuple[MigrationKey, ...]:
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))


def _knot(
    parents: Mapping[MigrationKey, tuple[MigrationKey, ...]],
    children: Mapping[MigrationKey, tuple[MigrationKey, ...]],
    key: MigrationKey,
) -> frozenset[MigrationKey]:
    return _reachable(parents, key) & _reachable(children, key)
