"""Faults of the graph."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.corpora.mutating.ground import Ground, Mutant, kind, migration_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpora.mutating.source import Source
    from workflow.history.model import Migration, MigrationKey, Reference


def _entries(
    ground: Ground,
) -> Iterator[tuple[Migration, Reference, Source, ast.Constant]]:
    """Yield dependencies on the project's own migrations, with the string that names each."""
    for migration in ground.shuffled(ground.migrations):
        source = ground.source(migration.path)
        listed = source.assigned("dependencies") if source else None
        if source is None or listed is None:
            continue
        for reference in ground.shuffled(migration.dependencies.items):
            for node in listed.elts:
                if (
                    isinstance(node, ast.Tuple)
                    and [getattr(item, "value", None) for item in node.elts]
                    == [*(reference.key or ())]
                    and reference.key in ground.history.migrations
                    and isinstance(node.elts[1], ast.Constant)
                ):
                    yield migration, reference, source, node.elts[1]


@kind("typo in a dependency", "GRF101")
def typo(ground: Ground) -> Iterator[Mutant]:
    for migration, reference, source, node in _entries(ground):
        text = source.replaced(node, repr(f"{reference.name}x"))
        yield Mutant({migration.path: text}, migration.path, reference.line)


@kind("migration deleted that others wait for", "GRF101")
def deleted(ground: Ground) -> Iterator[Mutant]:
    for migration, reference, *_ in _entries(ground):
        key = reference.key
        if key and key not in ground.context.replaced:
            gone = ground.history.migrations[key].path
            yield Mutant({gone: None}, migration.path, reference.line)


@kind("migration renamed that others wait for", "GRF101")
def renamed(ground: Ground) -> Iterator[Mutant]:
    for migration, reference, *_ in _entries(ground):
        key = reference.key
        if key and key not in ground.context.replaced:
            old = ground.history.migrations[key].path
            changes = {old: None, ground.path(key.app, f"{key.name}_renamed"): ground.text(old)}
            yield Mutant(changes, migration.path, reference.line)


@kind("run_before of what does not exist", "GRF101")
def run_before(ground: Ground) -> Iterator[Mutant]:
    for migration, source, line in _classes(ground):
        new = f'    run_before = [("{migration.key.app}", "9999_later")]\n'
        yield Mutant({migration.path: source.with_line_before(line, new)}, migration.path, line)


def _classes(ground: Ground) -> Iterator[tuple[Migration, Source, int]]:
    """Yield migrations with the line on which the first list of their class is written."""
    for migration in ground.shuffled(ground.migrations):
        source = ground.source(migration.path)
        lists = [source.assigned(name) for name in ("dependencies", "operations")] if source else []
        lines = [listed.lineno for listed in lists if listed]
        if source and lines and not migration.run_before.line:
            yield migration, source, min(lines)


def _with_dependency(source: Source, key: MigrationKey) -> tuple[str, int] | None:
    listed = source.assigned("dependencies")
    if listed is None or not listed.elts:
        return None
    text, line = source.followed(listed.elts[-1], f"        {tuple(key)!r}")
    return text, line


@kind("older migration waits for a newer one", "GRF102")
def cycle_in_app(ground: Ground) -> Iterator[Mutant]:
    for migration, source, _ in _classes(ground):
        key = migration.key
        later = [
            one
            for one in ground.history.full.descendants(key)
            if one.app == key.app and one.name > key.name and one not in ground.context.replaced
        ]
        made = _with_dependency(source, ground.random.choice(sorted(later))) if later else None
        if made and key not in ground.context.replaced:
            yield Mutant({migration.path: made[0]}, migration.path, made[1])


@kind("two apps wait for each other", "GRF102")
def cycle_between_apps(ground: Ground) -> Iterator[Mutant]:
    for migration, source, _ in _classes(ground):
        key = migration.key
        later = [one for one in ground.history.full.descendants(key) if one.app != key.app]
        made = _with_dependency(source, ground.random.choice(sorted(later))) if later else None
        if made and key not in ground.context.replaced:
            yield Mutant({migration.path: made[0]}, migration.path, made[1], exact=False)


@kind("second leaf node", "GRF103")
def second_leaf(ground: Ground) -> Iterator[Mutant]:
    for app, leaf in ground.shuffled(ground.leaves.items()):
        parents = [key for key in ground.history.full.parents[leaf] if key.app == app]
        if parents:
            path = ground.path(app, ground.next_name(app))
            yield Mutant({path: migration_text(repr(tuple(parents[0])))}, path, 5)


@kind("dependency moved to an older migration", "GRF103")
def moved(ground: Ground) -> Iterator[Mutant]:
    graph = ground.history.full
    for migration, reference, source, node in _entries(ground):
        key = reference.key
        if migration.key != ground.leaves.get(migration.key.app) or key is None:
            continue
        older = [one for one in graph.parents.get(key, ()) if one.app == key.app]
        if key.app == migration.key.app and len(graph.children[key]) == 1 and older:
            text = source.replaced(node, repr(older[0].name))
            yield Mutant({migration.path: text}, migration.path, None, exact=False)


@kind("dependency on its own app taken out", "GRF104")
def second_root(ground: Ground) -> Iterator[Mutant]:
    for migration, reference, source, node in _entries(ground):
        own = [one for one in migration.dependencies.items if one.app == migration.key.app]
        if own == [reference] and migration.key not in ground.context.replaced:
            app, name = "elsewhere_entirely", "0001_zz_mutant"
            listed = source.assigned("dependencies")
            entry = next(one for one in listed.elts if node in ast.walk(one)) if listed else node
            text = source.replaced(entry, repr((app, name)))
            yield Mutant({migration.path: text}, migration.path, None, exact=False)


@kind("migration waits for itself", "GRF105")
def itself(ground: Ground) -> Iterator[Mutant]:
    for migration, source, _ in _classes(ground):
        made = _with_dependency(source, migration.key)
        if made:
            yield Mutant({migration.path: made[0]}, migration.path, made[1])


@kind("name that differs in case", "GRF106")
def twin(ground: Ground) -> Iterator[Mutant]:
    for migration in ground.shuffled(ground.migrations):
        name = migration.key.name.swapcase()
        if name != migration.key.name:
            path = ground.path(migration.key.app, name)
            second = max(migration.path, path)
            text = migration_text(repr(tuple(ground.history.full.leaves(migration.key.app)[0])))
            yield Mutant({path: text}, second, 1)


@kind("number used again", "GRF107")
def same_number(ground: Ground) -> Iterator[Mutant]:
    for app, leaf in ground.shuffled(ground.leaves.items()):
        if (
            leaf.name[:4].isdigit()
            and leaf not in ground.context.replaced
            and not ground.history.migrations[leaf].replaces.line
        ):
            path = ground.path(app, f"{leaf.name[:4]}_zz_mutant")
            yield Mutant({path: migration_text(repr(tuple(leaf)))}, path, 1)


def _chains(ground: Ground) -> Iterator[tuple[str, list[str]]]:
    """Yield apps that can be squashed: one after the other, nothing replaced yet."""
    for app in ground.shuffled(ground.leaves):
        keys = [key for key in ground.history.full.plan([ground.leaves[app]]) if key.app == app]
        replaced = any(ground.history.migrations[key].replaces.line for key in keys)
        if len(keys) > 2 and not replaced and len(keys) == len(ground.history.apps[app].migrations):
            yield app, [key.name for key in keys]


def _squash(app: str, names: list[str]) -> str:
    listed = ", ".join(repr((app, name)) for name in names)
    return migration_text("").replace(
        "    dependencies = []", f"    replaces = [{listed}]\n    dependencies = []"
    )


@kind("typo in replaces", "GRF108")
def typo_in_replaces(ground: Ground) -> Iterator[Mutant]:
    for app, names in _chains(ground):
        chosen = ground.random.randrange(len(names))
        mistyped = [name + "x" if at == chosen else name for at, name in enumerate(names)]
        path = ground.path(app, f"{names[0]}_squashed")
        yield Mutant({path: _squash(app, mistyped)}, path, 5)


@kind("squash half done", "GRF109")
def half_done(ground: Ground) -> Iterator[Mutant]:
    for app, names in _chains(ground):
        path = ground.path(app, f"{names[0]}_squashed")
        gone = ground.path(app, ground.random.choice(names))
        yield Mutant({path: _squash(app, names), gone: None}, path, 5)


@kind("dependency on what is only replaced", "GRF110")
def only_replaced(ground: Ground) -> Iterator[Mutant]:
    gone = [key for key in ground.context.replaced if key not in ground.history.migrations]
    for app in ground.shuffled(ground.leaves):
        others = [key for key in gone if key.app != app and ground.context.in_project(key.app)]
        if others:
            path, text = ground.new_leaf(app)
            extra = repr(tuple(ground.random.choice(others)))
            yield Mutant(
                {path: text.replace("dependencies = [", f"dependencies = [{extra}, ")}, path, 5
            )


@kind("run_before inside the project", "GRF111")
def run_before_inside(ground: Ground) -> Iterator[Mutant]:
    for migration, source, line in _classes(ground):
        before = ground.history.full.ancestors(migration.key) | {migration.key}
        others = [one.key for one in ground.migrations if one.key not in before]
        if others:
            target = ground.random.choice(others)
            new = f"    run_before = [{tuple(target)!r}]\n"
            yield Mutant({migration.path: source.with_line_before(line, new)}, migration.path, line)


@kind("same dependency twice", "GRF118")
def twice(ground: Ground) -> Iterator[Mutant]:
    for migration, reference, source, _ in _entries(ground):
        made = _with_dependency(source, reference.key) if reference.key else None
        if made:
            yield Mutant({migration.path: made[0]}, migration.path, made[1])
