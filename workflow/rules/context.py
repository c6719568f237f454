"""What rules share: the history, its views, and what in it can't be judged."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.history.model import MigrationKey, Trouble
from workflow.history.values import Unknown
from workflow.outcome import Finding

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from workflow.history.graph import Graph
    from workflow.history.model import History, Migration, Operation, Reference
    from workflow.outcome import Severity
    from workflow.rules.sight import Sight


CONTRIB_MODELS = {
    "auth": frozenset({"User", "Group", "Permission"}),
    "contenttypes": frozenset({"ContentType"}),
    "sites": frozenset({"Site"}),
    "sessions": frozenset({"Session"}),
}
"""The models of Django's own apps that data migrations use most."""


class Deletion(NamedTuple):
    """Where a model is deleted."""

    migration: Migration
    operation: Operation


class Context:
    """One check of one history. Everything derived is made once, when first asked for.

    ``graph`` is the view that is replayed right now.
    """

    def __init__(self, history: History, vendor: str | None = None) -> None:
        self.history = history
        self.vendor = vendor
        self.graph: Graph | None = None
        self._said: set[Hashable] = set()
        self._waiting: dict[tuple[int, MigrationKey], set[MigrationKey]] = {}
        self._order: tuple[Graph | None, dict[MigrationKey, int]] = (None, {})

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

    @cached_property
    def creators(self) -> dict[tuple[str, str], MigrationKey]:
        """The first migration that creates each model or renames one to it."""
        found: dict[tuple[str, str], MigrationKey] = {}
        for migration in self.migrations:
            for operation in migration.operations:
                name = operation.text("name" if operation.kind == "CreateModel" else "new_name")
                if operation.kind in {"CreateModel", "RenameModel"} and isinstance(name, str):
                    found.setdefault((migration.key.app, name.lower()), migration.key)
        return found

    @cached_property
    def deletions(self) -> dict[tuple[str, str], Deletion]:
        """The last operation that deletes each model."""
        return {
            (migration.key.app, str(operation.text("name")).lower()): Deletion(migration, operation)
            for migration in self.migrations
            for operation in migration.operations
            if operation.kind == "DeleteModel"
        }

    @cached_property
    def model_modules(self) -> tuple[tuple[str, str], ...]:
        """The modules that hold models, as ``shop.models``, each with its app's label."""
        modules = [
            (app.module.rpartition(".")[0] + ".models", label)
            for label, app in self.history.apps.items()
        ]
        contrib = [(f"django.contrib.{label}.models", label) for label in CONTRIB_MODELS]
        return (*modules, *contrib)

    def model_class(self, path: str) -> tuple[str, str] | None:
        """Return app and model where a dotted path certainly is a model class."""
        name = path.rpartition(".")[2]
        if not name[:1].isupper() or ".models." not in path:
            return None
        for module, label in self.model_modules:
            if path.startswith(f"{module}.") and (
                name in CONTRIB_MODELS.get(label, ()) or (label, name.lower()) in self.creators
            ):
                return label, name
        return None

    @cached_property
    def opaque_apps(self) -> frozenset[str]:
        """Apps in which some operation is not known, so that any model may be made there."""
        return frozenset(
            migration.key.app
            for migration in self.history.migrations.values()
            if migration.header.alters_state is not False
            or any(isinstance(operation.kind, Unknown) for operation in migration.operations)
        )

    @cached_property
    def firsts(self) -> frozenset[MigrationKey]:
        """What a dependency on the first migration of some app may bring along."""
        graph = self.graph or self.history.full
        roots = [root for app in self.history.apps for root in graph.roots(app)]
        return frozenset(roots).union(*[graph.ancestors(root) for root in roots])

    def may_be_there(self, migration: Migration, app: str, model: str) -> bool:
        """Return whether a model may be there before a migration for all that is not known."""
        creator = self.creators.get((app, model.lower()))
        if creator is None:
            return app in self.opaque_apps
        return self.may_run_before(migration, creator)

    def may_run_before(self, migration: Migration, other: MigrationKey) -> bool:
        """Return whether another migration may come before one by a way that is not known."""
        if self.graph is None:
            return True
        keys = {migration.key, *self.graph.ancestors(migration.key)}
        return any(self._may_lead_to(self.history.migrations[key], other) for key in keys)

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
        return other in self.firsts

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

    def order(self, key: MigrationKey) -> int:
        """Return when a migration runs in the view that is replayed now."""
        graph = self.graph or self.history.full
        if self._order[0] is not graph:
            self._order = (graph, {one: place for place, one in enumerate(graph.plan())})
        return self._order[1].get(key, -1)

    def waits_for(self, key: MigrationKey, other: MigrationKey) -> bool:
        """Return whether a migration certainly runs after another.

        What is known to wait for the other ends the search, as does what runs before it.
        """
        graph = self.graph or self.history.full
        known = self._waiting.setdefault((id(graph), other), {other})
        oldest = self.order(other)
        todo, seen = [key], {key}
        while todo:
            one = todo.pop()
            parents = graph.parents.get(one, ())
            if one in known or not known.isdisjoint(parents):
                known.add(key)
                return True
            new = [parent for parent in parents if parent not in seen]
            seen.update(new)
            todo += [parent for parent in new if self.order(parent) > oldest]
        return False

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


def finding(  # noqa: PLR0913 - the parts of a finding
    code: str,
    severity: Severity,
    migration: Migration,
    message: str,
    fix: str,
    *,
    line: int | None = None,
    operation: int | None = None,
    **data: Any,
) -> Finding:
    """Return a finding about a migration, at its class where no line is given."""
    return Finding(
        code,
        severity,
        message,
        fix,
        app=migration.key.app,
        migration=migration.key.name,
        operation=operation,
        path=migration.path,
        line=line or migration.line or None,
        data=data,
    )


def at(step: Sight, code: str, severity: Severity, message: str, fix: str, **data: Any) -> Finding:
    """Return a finding about an operation, numbered by the outermost one that holds it."""
    outermost = step.parent or step.operation
    return finding(
        code,
        severity,
        step.migration,
        message,
        fix,
        line=step.operation.line,
        operation=outermost.position,
        **data,
    )


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
