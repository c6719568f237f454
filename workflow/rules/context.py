"""What rules share: the history, its views, and what in it can't be judged."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from workflow.history.model import MigrationKey, Trouble
from workflow.rules.census import Census
from workflow.rules.order import Order

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from workflow.history.graph import Graph
    from workflow.history.model import History, Migration


class Context:
    """One check of one history. Everything derived is made once, when first asked for.

    ``graph`` is the view that is replayed right now.
    """

    def __init__(self, history: History, vendor: str | None = None) -> None:
        self.history = history
        self.vendor = vendor
        self.graph: Graph | None = None
        self._said: set[Hashable] = set()
        self._orders: dict[int, Order] = {}

    @cached_property
    def views(self) -> tuple[Graph, ...]:
        """The full view, and the fresh one where a squash makes it another."""
        full, fresh = self.history.full, self.history.fresh
        return (full,) if full.parents.keys() == fresh.parents.keys() else (full, fresh)

    @cached_property
    def migrations(self) -> tuple[Migration, ...]:
        """The project's own migrations: those of installed packages are not judged."""
        return tuple(
            migration
            for key, migration in self.history.migrations.items()
            if self.in_project(key.app)
        )

    @cached_property
    def squashed_apps(self) -> frozenset[str]:
        """Apps whose migrations are not the same ones in all views."""
        first, *others = [view.parents.keys() for view in self.views]
        return frozenset(key.app for other in others for key in first ^ other)

    def in_project(self, label: str) -> bool:
        """Return whether the app is the project's own."""
        app = self.history.apps.get(label)
        return app is not None and app.in_project

    @cached_property
    def contested(self) -> frozenset[str]:
        """Labels that several folders claim: which of them counts is not known."""
        return frozenset(app.label for app in self.history.collisions)

    @cached_property
    def unread_apps(self) -> frozenset[str]:
        """Apps with a migration of which not even the references could be read."""
        return frozenset(
            problem.app
            for problem in self.history.problems
            if problem.app and problem.trouble is not Trouble.NEWER_GRAMMAR
        )

    @cached_property
    def unsettled_apps(self) -> frozenset[str]:
        """Apps whose models can't be told, because of a fault that another rule names."""
        broken = {
            reference.reference.app
            for view in self.views
            for reference in view.broken
            if isinstance(reference.reference.app, str)
        }
        bare = {app.label for app in self.history.apps.values() if not app.has_init}
        return frozenset(broken | bare | self.contested)

    @cached_property
    def unsettled_migrations(self) -> frozenset[MigrationKey]:
        """Migrations that no order exists for: those on a cycle, and all behind one."""
        return frozenset(
            key
            for view, cycles in zip(self.views, self.cycles, strict=True)
            for key in _behind(view, cycles)
        )

    @cached_property
    def cycles(self) -> tuple[tuple[tuple[MigrationKey, ...], ...], ...]:
        """The shortest cycles of each view."""
        return tuple(view.cycles() for view in self.views)

    def judges(self, migration: Migration) -> bool:
        """Return whether contradictions in this migration's operations are certain."""
        return (
            self.in_project(migration.key.app)
            and migration.key.app not in self.unsettled_apps
            and migration.key not in self.unsettled_migrations
            and migration.header.alters_state is False
        )

    def first(self, *fact: Hashable) -> bool:
        """Return whether this fact was not told yet in the view that is replayed now.

        The first operation on a thing that is not there is the fault; those after it follow.
        """
        told = (id(self.graph), *fact)
        if told in self._said:
            return False
        self._said.add(told)
        return True

    @cached_property
    def gone(self) -> dict[MigrationKey, MigrationKey]:
        """What is replaced and has no file any more, with the squash."""
        return {
            key: squash
            for key, squash in self.replaced.items()
            if key not in self.history.migrations
        }

    @property
    def order(self) -> Order:
        """What runs after what in the view that is replayed now."""
        graph = self.graph or self.history.full
        return self._orders.setdefault(id(graph), Order(self.history, graph))

    @cached_property
    def census(self) -> Census:
        """Where models are made and deleted, those of installed packages too."""
        return Census(self.history.apps, tuple(self.history.migrations.values()))

    def may_be_there(self, migration: Migration, app: str, model: str) -> bool:
        """Return whether a model may be there before a migration for all that is not known."""
        creator = self.census.creators.get((app, model.lower()))
        if creator is None:
            return app in self.census.opaque_apps
        return self.order.may_run_before(migration.key, creator)

    @cached_property
    def replaced(self) -> dict[MigrationKey, MigrationKey]:
        """Every migration that a squash certainly replaces, there or not, with the squash."""
        return {
            reference.key: migration.key
            for migration in self.history.migrations.values()
            for reference in migration.replaces.items
            if reference.key is not None and reference.certain
        }

    def migration(self, app: str, name: str) -> Migration:
        """Return a migration that exists."""
        return self.history.migrations[MigrationKey(app, name)]

    def path_of(self, key: MigrationKey) -> str | None:
        """Return the file of a migration."""
        migration = self.history.migrations.get(key)
        return migration.path if migration else None


def _behind(graph: Graph, cycles: Iterable[tuple[MigrationKey, ...]]) -> Iterable[MigrationKey]:
    """Return what is on a cycle or runs after one."""
    behind: set[MigrationKey] = set()
    todo = [key for cycle in cycles for key in cycle]
    while todo:
        key = todo.pop()
        if key not in behind:
            behind.add(key)
            todo += graph.children.get(key, ())
    return behind
