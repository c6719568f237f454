"""Finding a project's apps, and their migrations, as Django would."""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH100, PTH118, PTH119, PTH120, PTH122

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from workflow.history.homes import Home
from workflow.history.labels import Config, Label, label_of, target_of
from workflow.history.store import Job
from workflow.history.values import UNKNOWN, Ternary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from workflow.history.raw import Raw
    from workflow.history.settings import Settings
    from workflow.history.store import Store
    from workflow.history.tree import Found


class Place(NamedTuple):
    """A migrations folder and the app that it is for.

    ``label`` is ``None`` where only running the project could tell it, ``module`` the
    dotted name of the app's package. Paths are absolute.
    """

    path: str
    root: str
    label: str | None
    source: str
    module: str
    listed: Ternary
    in_project: bool = True


class Labels:
    """The labels of a project's folders."""

    def __init__(self, store: Store, found: Found, settings: Settings) -> None:
        self.store = store
        entries, self._exact = settings.installed_apps()
        self._entries = frozenset(entries)
        self._configs: dict[str, list[Config]] = {}
        for folder in found.apps:
            self._add(folder, os.path.join(folder, "apps.py"), "apps")
        for path in _other_modules(store, self._entries):
            name = os.path.splitext(os.path.basename(path))[0]
            self._add(os.path.dirname(path), path, "" if name == "__init__" else name)
        for migrations in found.migrations:
            folder = os.path.dirname(migrations)
            if folder not in self._configs:
                self._add(folder, os.path.join(folder, "__init__.py"), "")

    def _add(self, folder: str, path: str, name: str) -> None:
        """Add the configurations of one module of a package folder."""
        home = self.store.home(folder)
        content = self.store.files.read(path)
        if content is None or b"Config" not in content.data:
            return
        dotted = f"{home.dotted}.{name}" if name else home.dotted
        row, _ = self.store.row(Job("configs", path, Home(home.root, dotted)))
        for parts in row or ():
            config = Config(*parts)
            target = target_of(config, folder, home.root)
            known = self._configs.setdefault(target, [])
            if config not in known:
                known.append(config)

    def of(self, root: str) -> tuple[Label, Ternary]:
        """Return an app folder's label, and whether ``INSTALLED_APPS`` has it."""
        configs = self._configs.get(root, [])
        label = label_of(root, self.store.home(root).dotted, configs, self._entries)
        return label, label.listed or (False if self._exact else UNKNOWN)


def _other_modules(store: Store, entries: frozenset[str]) -> Iterator[str]:
    """Yield the files of the classes that ``INSTALLED_APPS`` names, ``apps.py`` apart."""
    for entry in sorted(entries):
        module, _, name = entry.rpartition(".")
        if not name[:1].isupper() or not module or module.endswith(".apps"):
            continue
        for root in store.roots:
            path = os.path.join(root, *module.split("."))
            for candidate in (f"{path}.py", os.path.join(path, "__init__.py")):
                if store.files.is_file(candidate):
                    yield candidate


def find_places(
    store: Store,
    found: Found,
    labels: Labels,
    migration_modules: Mapping[str, str | None],
    installed: Mapping[str, Path],
) -> list[Place]:
    """Return every migrations folder, those that ``INSTALLED_APPS`` has first."""
    places = [_place(path, labels) for path in found.migrations]
    places = list(_relocated(store, places, migration_modules))
    known = {place.path for place in places}
    places += [place for place in _installed(store, installed) if place.path not in known]
    return sorted(places, key=_preference)


def _preference(place: Place) -> tuple[bool, bool, bool, str]:
    relocated = place.source == "MIGRATION_MODULES"
    return not place.in_project, not relocated, place.listed is not True, place.path


def _place(path: str, labels: Labels) -> Place:
    root = os.path.dirname(path)
    label, listed = labels.of(root)
    return Place(path, root, label.label, label.source, label.module or "", listed)


def _relocated(
    store: Store, places: Sequence[Place], migration_modules: Mapping[str, str | None]
) -> Iterator[Place]:
    """Apply ``MIGRATION_MODULES``: an app's migrations may live elsewhere, or nowhere."""
    moved = {
        label: path
        for label, module in migration_modules.items()
        if module is not None and (path := _folder_of(store, module)) is not None
    }
    targets = set(moved.values())
    for place in places:
        disabled = migration_modules.get(place.label or "", "") is None
        if place.label not in moved and not disabled and place.path not in targets:
            yield place
    roots = {place.label: place.root for place in places}
    for label, path in moved.items():
        root = roots.get(label, os.path.dirname(path))
        module = str(migration_modules[label]).rpartition(".")[0]
        yield Place(path, root, label, "MIGRATION_MODULES", module, UNKNOWN)


def _folder_of(store: Store, module: str) -> str | None:
    for root in store.roots:
        path = os.path.join(root, *module.split("."))
        if any(entry.name.endswith(".py") for entry in store.files.entries(path)):
            return path
    return None


def _installed(store: Store, installed: Mapping[str, Path]) -> Iterator[Place]:
    for label, path in installed.items():
        place = os.path.abspath(path)
        root = os.path.dirname(place)
        inside = (place + os.sep).startswith(store.files.project + os.sep)
        module = store.home(root).dotted
        yield Place(place, root, label, "installed", module, True, inside)


def evident_label(place: Place, rows: Mapping[str, Raw], taken: Collection[str]) -> str | None:
    """Return the label that the migrations of a folder call themselves by.

    An app's configuration may be where no rule looks for it. But where the folder's own name
    is all there is to go by, and each migration but the first depends on another one of
    the folder by one other label, which is nobody else's, that is the label.
    """
    if place.source != "folder" or len(rows) < 2:
        return None
    own = [_labels_within(name, row, rows) for name, row in rows.items()]
    named = [labels for labels in own if labels]
    if len(named) != len(rows) - 1:
        return None
    common = frozenset.intersection(*named)
    return min(common) if len(common) == 1 and not common & {place.label, *taken} else None


def _labels_within(name: str, row: Raw, rows: Mapping[str, Raw]) -> frozenset[str]:
    """Return the labels by which a migration depends on others of its folder."""
    _, _, (_, _, references), *_ = row[0] or (0, "", (False, 0, []))
    return frozenset(
        label for label, other, *_ in references if other in rows and other != name and label != ...
    )


def unmigrated_labels(
    found: Found,
    labels: Labels,
    places: Sequence[Place],
    migration_modules: Mapping[str, str | None],
) -> frozenset[str]:
    """Return labels of apps that are there and have no migrations folder."""
    migrated = {place.root for place in places}
    roots = [root for root in found.apps if root not in migrated]
    off = {label for label, module in migration_modules.items() if module is None}
    return frozenset(label for root in roots if (label := labels.of(root)[0].label)) | off
