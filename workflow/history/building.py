"""Building the graph: references become edges, squashes take the place of originals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.graph import BrokenReference, Graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workflow.history.model import History, Migration, MigrationKey, Reference

    Edges = dict[MigrationKey, set[MigrationKey]]


def build_graph(history: History, *, replace: bool) -> Graph:
    """Build the fresh view (``replace``) or the full view of a history."""
    return _Builder(history, replace=replace).graph()


class _Builder:
    """Builds one graph. ``parents`` has a key for everything that is referred to."""

    def __init__(self, history: History, *, replace: bool) -> None:
        self.history = history
        self.migrations = history.migrations
        self.replace = replace
        self.parents: Edges = {key: set() for key in history.migrations}
        self.children: Edges = {key: set() for key in history.migrations}
        self.maybe: set[tuple[MigrationKey, MigrationKey]] = set()
        self.references: dict[tuple[MigrationKey, MigrationKey], tuple[str, Reference]] = {}
        self.broken: list[BrokenReference] = []
        self.replaced: dict[MigrationKey, MigrationKey] = {}
        self.dropped: set[MigrationKey] = set()
        self.open_apps = {key.app for key in history.migrations if self._is_open(key)}

    def _is_open(self, key: MigrationKey) -> bool:
        """Return whether this migration may have more edges inside its app than are known."""
        migration = self.migrations[key]
        header = migration.header
        if not (header.dependencies.complete and header.replaces.complete):
            return True
        return any(
            not reference.certain or (reference.key is None and reference.name != "__first__")
            for reference in (*header.dependencies.items, *header.replaces.items)
            if reference.app == key.app or not isinstance(reference.app, str)
        )

    def graph(self) -> Graph:
        """Return the finished graph."""
        for key, migration in self.migrations.items():
            self._add_internal(key, migration)
        external = list(self._external())
        for child, parent, kind, reference in external:
            self._connect(child, parent, kind, reference)
        self._replace_all()
        self._note_broken()
        known = self.parents.keys()
        return Graph(
            {key: tuple(sorted(self.parents[key])) for key in sorted(known)},
            maybe=frozenset(pair for pair in self.maybe if known >= set(pair)),
            broken=tuple(sorted(set(self.broken), key=_place)),
            replaced=self.replaced,
            dropped=frozenset(self.dropped),
            open_apps=frozenset(self.open_apps),
        )

    def _add_internal(self, key: MigrationKey, migration: Migration) -> None:
        for reference in migration.header.dependencies.items:
            parent = reference.key
            if parent is not None and parent.app == key.app and parent.name != "__first__":
                self._connect(key, parent, "dependencies", reference)

    def _connect(
        self, child: MigrationKey, parent: MigrationKey, kind: str, reference: Reference
    ) -> None:
        if not reference.certain:
            self.maybe.add((child, parent))
            return
        self.parents.setdefault(child, set()).add(parent)
        self.children.setdefault(parent, set()).add(child)
        self.parents.setdefault(parent, set())
        self.children.setdefault(child, set())
        if child not in self.migrations or parent not in self.migrations:
            self.references[child, parent] = (kind, reference)

    def _external(self) -> Iterator[tuple[MigrationKey, MigrationKey, str, Reference]]:
        """Yield edges between apps; all of them before any is added, as ``__first__`` asks."""
        for key, migration in self.migrations.items():
            header = migration.header
            for reference in header.dependencies.items:
                if reference.app != key.app:
                    target = self._target(key, "dependencies", reference)
                    if target is not None:
                        yield key, target, "dependencies", reference
            for reference in header.run_before.items:
                target = self._target(key, "run_before", reference)
                if target is not None and target != key:
                    yield target, key, "run_before", reference

    def _target(self, key: MigrationKey, kind: str, reference: Reference) -> MigrationKey | None:
        """Return the migration that a reference means, ``None`` for none that is known."""
        target = self._resolved(reference)
        if target is None:
            return None
        if self.history.is_external(target.app):
            if self.history.is_missing(target) and not _is_special(target):
                self._break(key, kind, reference)
            return None
        if target.app not in self.history.apps:
            if target.app not in self.history.unmigrated or not _is_special(target):
                self._break(key, kind, reference)
            return None
        if not _is_special(target) or target in self.migrations:
            return target
        if target.app == key.app:
            return None
        return self._special(target)

    def _resolved(self, reference: Reference) -> MigrationKey | None:
        if reference.key is not None or reference.setting is None:
            return reference.key
        value = self.history.settings.get(reference.setting)
        if not isinstance(value, str) or "." not in value:
            return None
        return reference._replace(app=value.partition(".")[0]).key

    def _break(self, key: MigrationKey, kind: str, reference: Reference) -> None:
        if reference.certain:
            history = self.history
            there = history.apps.keys() | history.unmigrated | history.installed.keys()
            app_exists = reference.app in there
            self.broken.append(BrokenReference(key, kind, reference, app_exists))

    def _special(self, target: MigrationKey) -> MigrationKey | None:
        """Return the root or the leaf that ``__first__`` or ``__latest__`` means."""
        edges = self.parents if target.name == "__first__" else self.children
        ends = [
            target._replace(name=name)
            for name in self.history.apps[target.app].migrations
            if all(other.app != target.app for other in edges[target._replace(name=name)])
        ]
        return min(ends, default=None)

    def _replace_all(self) -> None:
        squashes = {
            key: _replaced_keys(migration)
            for key, migration in self.migrations.items()
            if migration.header.replaces.items
        }
        for key in _inner_first(squashes):
            missing = [target for target in squashes[key] if target not in self.parents]
            gone = [target for target in squashes[key] if self._is_gone(target)]
            if self.replace or gone or len(missing) == len(squashes[key]):
                self._replace_originals(key, squashes[key])
            else:
                self._drop_squash(key, squashes[key])

    def _is_gone(self, key: MigrationKey) -> bool:
        """Return whether an original is neither there nor stood for by what was there."""
        return key not in self.migrations

    def _replace_originals(self, key: MigrationKey, originals: Iterable[MigrationKey]) -> None:
        replaced = set(originals) - {key}
        for original in sorted(replaced):
            if original in self.migrations:
                self.replaced[original] = key
            elif original.app in self.history.apps or original in self.parents:
                self.replaced.setdefault(original, key)
            self._remove(original, key, replaced)

    def _remove(
        self, original: MigrationKey, stand_in: MigrationKey, replaced: set[MigrationKey]
    ) -> None:
        if original not in self.parents:
            return
        for child in self.children.pop(original):
            self.parents[child].discard(original)
            if child not in replaced and child != stand_in:
                self._link(child, stand_in)
        for parent in self.parents.pop(original):
            self.children[parent].discard(original)
            if parent not in replaced and parent != stand_in:
                self._link(stand_in, parent)

    def _link(self, child: MigrationKey, parent: MigrationKey) -> None:
        self.parents[child].add(parent)
        self.children[parent].add(child)

    def _drop_squash(self, key: MigrationKey, originals: Iterable[MigrationKey]) -> None:
        """Let the originals count: what depended on the squash depends on the last of them."""
        there = {original for original in originals if original in self.parents}
        inner = {parent for original in there for parent in self.parents[original]}
        self.dropped.add(key)
        for child in self.children.pop(key):
            self.parents[child].discard(key)
            for last in there - inner:
                if last != child:
                    self._link(child, last)
        for parent in self.parents.pop(key):
            self.children[parent].discard(key)

    def _note_broken(self) -> None:
        """Take out whatever is referred to and is not there."""
        for key in [key for key in self.parents if key not in self.migrations]:
            for child in self.children.pop(key):
                self.parents[child].discard(key)
                self._note(child, key, child)
            for parent in self.parents.pop(key):
                self.children[parent].discard(key)
                self._note(key, parent, parent)

    def _note(self, child: MigrationKey, parent: MigrationKey, origin: MigrationKey) -> None:
        kind, reference = self.references.get((child, parent), (None, None))
        if kind is not None and reference is not None:
            self._break(origin, kind, reference)


def _is_special(key: MigrationKey) -> bool:
    return key.name in {"__first__", "__latest__"}


def _place(broken: BrokenReference) -> tuple[MigrationKey, int, str]:
    return broken.migration, broken.reference.line, str(broken.reference.name)


def _replaced_keys(migration: Migration) -> list[MigrationKey]:
    items = migration.header.replaces.items
    return [item.key for item in items if item.key is not None and item.certain]


def _inner_first(squashes: Mapping[MigrationKey, list[MigrationKey]]) -> list[MigrationKey]:
    """Return the squashes so that one that another squash replaces comes before that one."""
    order: dict[MigrationKey, None] = {}
    for start in sorted(squashes):
        entered: set[MigrationKey] = set()
        stack = [(start, False)]
        while stack:
            key, is_done = stack.pop()
            if is_done:
                order.setdefault(key)
            elif key not in order and key not in entered:
                entered.add(key)
                stack.append((key, True))
                stack += [(inner, False) for inner in squashes[key] if inner in squashes]
    return list(order)
