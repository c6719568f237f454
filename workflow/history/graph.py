"""The graph of migrations, as Django's loader would build it.

Nothing here recurses, so the depth of a history does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workflow.history.model import History, Migration, MigrationKey, Reference


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

    ``nodes``: the migrations that count in this view.
    ``parents`` and ``children``: edges that certainly exist, sorted; every node is a key.
    ``maybe``: edges (child, parent) that exist under a condition; in no other attribute.
    ``broken``: references that lead nowhere. ``external`` ones, to apps that nobody showed
    us, are not among them.
    ``replaced``: each migration that does not count here, with the one that stands for it: in
    the fresh view an original with its squash. In the full view a squash stands for what is
    gone, and ``dropped`` holds the squashes whose originals are all there.
    ``open_apps``: labels of apps in which there may be more edges than are known, so that
    their roots and leaves are not certain.
    """

    nodes: Mapping[MigrationKey, Migration]
    parents: Mapping[MigrationKey, tuple[MigrationKey, ...]]
    children: Mapping[MigrationKey, tuple[MigrationKey, ...]]
    maybe: frozenset[tuple[MigrationKey, MigrationKey]]
    broken: tuple[BrokenReference, ...]
    replaced: Mapping[MigrationKey, MigrationKey]
    dropped: frozenset[MigrationKey]
    open_apps: frozenset[str]

    def roots(self, app: str) -> tuple[MigrationKey, ...]:
        """Return the app's migrations that depend on none of the same app, sorted."""
        raise NotImplementedError

    def leaves(self, app: str) -> tuple[MigrationKey, ...]:
        """Return the app's migrations that none of the same app depends on, sorted.

        Certain only where the app is not in ``open_apps``.
        """
        raise NotImplementedError

    def all_leaves(self) -> tuple[MigrationKey, ...]:
        """Return the leaves of every app, sorted."""
        raise NotImplementedError

    def ancestors(self, key: MigrationKey) -> frozenset[MigrationKey]:
        """Return everything that certainly runs before this migration, itself left out."""
        raise NotImplementedError

    def plan(self, targets: Iterable[MigrationKey] | None = None) -> tuple[MigrationKey, ...]:
        """Return the order in which Django would apply these and all they depend on.

        Without targets, everything. Migrations on a cycle, and those behind one, come last in
        order of their names.
        """
        raise NotImplementedError

    def cycles(self) -> tuple[tuple[MigrationKey, ...], ...]:
        """Return one shortest cycle for each knot of migrations that wait for one another."""
        raise NotImplementedError


def build_graph(history: History, *, replace: bool) -> Graph:
    """Build the fresh view (``replace``) or the full view."""
    raise NotImplementedError
