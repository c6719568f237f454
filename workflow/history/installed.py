"""What installed packages have that migrations of the project refer to.

Their files are found by path and never imported. Nothing more is concluded from them than that
a migration is not there, and that only where the app's label and its folder are certain.
"""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH112, PTH113, PTH118, PTH208

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from workflow.history.homes import Home
from workflow.history.labels import Config, label_of
from workflow.history.rows import header_of
from workflow.history.store import Job

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from workflow.history.model import Migration
    from workflow.history.store import Store


class Site(NamedTuple):
    """Folders of installed packages.

    ``sure``: they are certainly the project's. Otherwise they count only where they have every
    app of ``INSTALLED_APPS`` that the tree lacks.
    """

    folders: Sequence[str] = ()
    sure: bool = True


class _Package(NamedTuple):
    """An installed app: its label, its dotted name, and the folder that has the package."""

    label: str
    dotted: str
    root: str

    @property
    def migrations(self) -> str:
        return os.path.join(self.root, *self.dotted.split("."), "migrations")


def installed_names(
    store: Store,
    site: Site,
    entries: Sequence[str],
    migrations: Iterable[Migration],
    unwanted: Collection[str],
) -> dict[str, tuple[str, ...]]:
    """Return the names of all migrations of each installed app that ``migrations`` refer to.

    Those that one of its squashes replaces count. ``entries`` are the certain ones of
    ``INSTALLED_APPS``; ``unwanted`` are labels that something else decides about.
    """
    wanted = _wanted(migrations, unwanted) if site.folders and entries else {}
    if not wanted:
        return {}
    finder = _Finder(store, site.folders)
    outside = [entry for entry in entries if not finder.is_in_tree(entry)]
    if not site.sure and not all(map(finder.has, outside)):
        return {}
    packages: dict[str, set[_Package]] = {}
    for entry in outside:
        package = finder.package(entry)
        if package is not None and package.label in wanted:
            packages.setdefault(package.label, set()).add(package)
    found = {
        label: _names(store, min(some), wanted[label])
        for label, some in packages.items()
        if len(some) == 1
    }
    return {label: names for label, names in found.items() if names}


def _wanted(migrations: Iterable[Migration], unwanted: Collection[str]) -> dict[str, set[str]]:
    """Return what is referred to outside of the tree, by label."""
    wanted: dict[str, set[str]] = {}
    replaced = set()
    for migration in migrations:
        header = migration.header
        if not header.replaces.complete:
            return {}  # it may stand for anything
        replaced |= {reference.key for reference in header.replaces.items}
        for reference in (*header.dependencies.items, *header.run_before.items):
            key = reference.key
            if key is not None and key.app not in unwanted and not key.name.startswith("__"):
                wanted.setdefault(key.app, set()).add(key.name)
    # A squash of the project may stand for what a package once had.
    gone = {key.app for key in replaced if key is not None}
    return {label: names for label, names in wanted.items() if label not in gone}


class _Finder:
    """Finds packages in folders, as an import would."""

    def __init__(self, store: Store, folders: Sequence[str]) -> None:
        self.store = store
        self.folders = tuple(dict.fromkeys(folders))

    def is_in_tree(self, dotted: str) -> bool:
        """Return whether the project's own folders have this, or come before the installed one."""
        top = dotted.partition(".")[0]
        paths = [os.path.join(root, top) for root in self.store.roots]
        return any(os.path.isdir(path) or os.path.isfile(f"{path}.py") for path in paths)

    def has(self, entry: str) -> bool:
        """Return whether an entry of ``INSTALLED_APPS`` is installed."""
        return self._home(entry) is not None or self._module(entry.rpartition(".")[0]) is not None

    def package(self, entry: str) -> _Package | None:
        """Return the app that an entry stands for, ``None`` where that is not certain."""
        root = self._home(entry)
        if root is not None:
            dotted, path = entry, os.path.join(root, *entry.split("."), "apps.py")
            configs = self._configs(path, Home(root, f"{entry}.apps"))
        else:
            dotted, _, _ = entry.rpartition(".")
            module = self._module(dotted)
            configs = self._configs(*module) if module is not None else None
            configs = [config for config in configs or () if config.dotted == entry] or None
        if configs is None or any(... in (config.name, config.label) for config in configs):
            return None
        folder = dotted.replace(".", os.sep)
        label, _, name, _ = label_of(folder, dotted, configs, frozenset({entry}))
        if label is None or name is None or self.is_in_tree(name):
            return None
        home = self._home(name)
        return None if home is None else _Package(label, name, home)

    def _home(self, dotted: str) -> str | None:
        """Return the only folder that has this package."""
        parts = dotted.split(".")
        if not all(part.isidentifier() for part in parts):
            return None  # settings that a stranger wrote may hold any path
        found = [root for root in self.folders if os.path.isdir(os.path.join(root, *parts))]
        return found[0] if len(found) == 1 else None

    def _module(self, dotted: str) -> tuple[str, Home] | None:
        """Return the file of a module, and its home."""
        top, *parts = dotted.split(".")
        root = self._home(top)
        if root is None or not all(part.isidentifier() for part in parts):
            return None
        path = os.path.join(root, top, *parts)
        for candidate in (os.path.join(path, "__init__.py"), f"{path}.py"):
            if os.path.isfile(candidate):
                return candidate, Home(root, dotted)
        return None

    def _configs(self, path: str, home: Home) -> list[Config] | None:
        """Return the configurations of a file, ``None`` where there may be others."""
        content = self.store.files.read(path)
        if content is None:
            return []
        row, _ = self.store.row(Job("configs", path, home))
        return [Config(*parts) for parts in row] if row else None


def _names(store: Store, package: _Package, wanted: Collection[str]) -> tuple[str, ...]:
    """Return the names of a package's migrations; none where one may be missing."""
    folder = package.migrations
    if not os.path.isfile(os.path.join(folder, "__init__.py")):
        return ()
    # Whatever has the name may be the migration: a package, or a module without its source.
    try:
        names = {name.partition(".")[0] for name in os.listdir(folder)}
    except OSError:
        return ()  # no fault of the project
    names = {name for name in names if name[:1] not in {"", "_", "~"}}
    if names >= set(wanted):
        return tuple(sorted(names))
    replaced = _replaced(store, package, names)
    return () if replaced is None else tuple(sorted(names | replaced))


def _replaced(store: Store, package: _Package, names: Collection[str]) -> set[str] | None:
    """Return the names that the package's squashes stand for, ``None`` where it is not known."""
    replaced: set[str] = set()
    for name in names:
        path = os.path.join(package.migrations, f"{name}.py")
        home = Home(package.root, f"{package.dotted}.migrations.{name}")
        row, _ = store.row(Job("migration", path, home))
        if row is None or row[0] is None:
            return None
        replaces = header_of(row[0]).replaces
        if not replaces.complete or any(reference.key is None for reference in replaces.items):
            return None
        keys = [reference.key for reference in replaces.items]
        replaced |= {key.name for key in keys if key is not None and key.app == package.label}
    return replaced
