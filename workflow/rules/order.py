"""What runs before what, and what may for all that is not known."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflow.history.graph import Graph
    from workflow.history.model import History, Migration, MigrationKey, Reference


class Order:
    """The order of one view."""

    def __init__(self, history: History, graph: Graph) -> None:
        self.history = history
        self.graph = graph
        self._waiting: dict[MigrationKey, set[MigrationKey]] = {}

    @cached_property
    def _places(self) -> dict[MigrationKey, int]:
        return {key: place for place, key in enumerate(self.graph.plan())}

    def place_of(self, key: MigrationKey) -> int:
        """Return when a migration runs; -1 where it does not count in this view."""
        return self._places.get(key, -1)

    def waits_for(self, key: MigrationKey, other: MigrationKey) -> bool:
        """Return whether a migration certainly runs after another.

        What is known to wait for the other ends the search, as does what runs before it.
        """
        known = self._waiting.setdefault(other, {other})
        oldest = self.place_of(other)
        todo, seen = [key], {key}
        while todo:
            one = todo.pop()
            parents = self.graph.parents.get(one, ())
            if one in known or not known.isdisjoint(parents):
                known.add(key)
                return True
            new = [parent for parent in parents if parent not in seen]
            seen.update(new)
            todo += [parent for parent in new if self.place_of(parent) > oldest]
        return False

    def may_run_before(self, key: MigrationKey, other: MigrationKey) -> bool:
        """Return whether another migration may come before one by a way that is not known."""
        keys = {key, *self.graph.ancestors(key)}
        return any(self._may_lead_to(self.history.migrations[one], other) for one in keys)

    def _may_lead_to(self, migration: Migration, other: MigrationKey) -> bool:
        references = migration.dependencies
        return not references.complete or any(
            not reference.certain or (reference.key is None and self._may_name(reference, other))
            for reference in references.items
        )

    def _may_name(self, reference: Reference, other: MigrationKey) -> bool:
        """Return whether a reference that is not fully known may bring a migration along."""
        if reference.setting is None:
            return True
        if isinstance(self.history.settings.get(reference.setting), str):
            return False
        return other in self._firsts

    @cached_property
    def _firsts(self) -> frozenset[MigrationKey]:
        """What a dependency on the first migration of some app may bring along."""
        roots = [root for app in self.history.apps for root in self.graph.roots(app)]
        return frozenset(roots).union(*[self.graph.ancestors(root) for root in roots])
