"""Reading a project's migrations from disk, and from texts that are not on disk."""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH100, PTH118, PTH119, PTH120

from __future__ import annotations

import gc
import os
import re
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workflow.history.apps import (
    Labels,
    Place,
    evident_label,
    find_places,
    unmigrated_labels,
)
from workflow.history.cache import Cache
from workflow.history.files import Files, Text
from workflow.history.homes import Home
from workflow.history.installed import Site, installed_names
from workflow.history.model import (
    MARK,
    App,
    History,
    Migration,
    MigrationKey,
    Problem,
    Trouble,
)
from workflow.history.raw import decode
from workflow.history.rows import UNREAD_HEADER, body_of, header_of
from workflow.history.settings import Settings, settings_module
from workflow.history.store import Job, Store
from workflow.history.tree import Exclusions, walk_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from workflow.history.raw import Raw


def read_history(  # noqa: PLR0913 - each is one thing that a caller may know better
    project: Path,
    *,
    overlay: Mapping[Path, Text] | None = None,
    migration_modules: Mapping[str, str | None] | None = None,
    exclude: Sequence[str] = (),
    installed: Mapping[str, Path] | None = None,
    site: Sequence[Path] = (),
    site_is_sure: bool = True,
    cache: Path | None = None,
) -> History:
    """Read the migrations of every app below ``project``.

    ``overlay`` replaces or adds files in memory (``None`` takes one away); its paths are
    absolute or relative to ``project``. ``migration_modules`` overrides what the settings
    say. ``exclude`` names folders to leave out, as names or paths relative to the project
    with ``*``; with ``!`` in front, folders to take in that are left out by default
    (``!tests``). ``installed`` gives the migration folder of each installed app
    outside the tree; it must be all of them. ``site`` are folders of installed packages: in
    them, references to apps outside the tree are followed where the settings name the app.
    Where it is not sure that they are the project's, they count only if they have all that
    ``INSTALLED_APPS`` names. ``cache`` is a folder that may hold what was
    read before; it changes nothing but the time.
    """
    files = Files(project, overlay)
    store = Store(files, Cache(cache), (files.project, os.path.join(files.project, "src")))
    with warnings.catch_warnings(), _without_collector():
        warnings.simplefilter("ignore")  # about invalid escapes, and the like, in the files
        around = Site([os.path.abspath(folder) for folder in site], site_is_sure)
        history = _read(store, migration_modules, exclude, installed, around)
        store.cache.save()
    return history


@contextmanager
def _without_collector() -> Iterator[None]:
    """Spare the garbage collector its walks through what is only being built up."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(
    store: Store,
    migration_modules: Mapping[str, str | None] | None,
    exclude: Sequence[str],
    installed: Mapping[str, Path] | None,
    site: Site,
) -> History:
    project = store.files.project
    settings = _settings(store, [project, os.path.join(project, "src")])
    entries, _ = settings.installed_apps()
    wanted = [entry.replace(".", "/") for entry in entries]
    found = walk_tree(store.files, Exclusions(exclude, wanted))
    settings = settings if settings.values else _settings(store, found.manage)
    store.add_roots([store.home(folder).root for folder in found.apps] + found.manage)
    modules = settings.migration_modules() if migration_modules is None else migration_modules
    labels = Labels(store, found, settings)
    store.add_roots(
        [
            store.home(os.path.dirname(path)).root
            for path in map(os.path.abspath, (installed or {}).values())
        ]
    )
    places = find_places(store, found, labels, modules, installed or {})
    configured = {place.label for place in places if place.source != "folder" and place.label}
    assembly = _Assembly(store, configured)
    jobs = {place: list(_jobs(store, place)) for place in places}
    store.prepare(job for some in jobs.values() for job in some)
    for place in places:
        assembly.add(place, jobs[place])
    unmigrated = unmigrated_labels(found, labels, places, modules)
    moved = settings.moved_labels() if migration_modules is None else frozenset(migration_modules)
    names: Mapping[str, tuple[str, ...]] = {}
    if installed is None and moved is not None:
        unwanted = {*assembly.apps, *assembly.empty, *unmigrated, *moved}
        entries, _ = settings.installed_apps()
        names = installed_names(store, site, entries, assembly.migrations.values(), unwanted)
    return assembly.history(settings, unmigrated, names, closed=installed is not None)


def _settings(store: Store, folders: Iterable[str]) -> Settings:
    """Return what the first settings module says that a ``manage.py`` chooses."""
    for folder in folders:
        dotted = settings_module(store.files, folder)
        if dotted is None:
            continue
        path = os.path.join(folder, *dotted.split("."))
        for candidate in (f"{path}.py", os.path.join(path, "__init__.py")):
            row, _ = store.row(Job("settings", candidate, Home(folder, dotted)))
            if row is not None:
                return Settings(row)
    return Settings()


class _File(NamedTuple):
    """One migration file: its name, its relative path, and what it says.

    ``marked`` is its text where that has the mark of a comment to this tool.
    """

    name: str
    path: str
    row: Raw
    digest: str
    problem: Problem | None
    marked: bytes | None


class _Assembly:
    """Puts a history together, one migrations folder after the other."""

    def __init__(self, store: Store, configured: set[str]) -> None:
        self.store = store
        self.configured = configured
        self.apps: dict[str, App] = {}
        self.collisions: list[App] = []
        self.unlabelled: list[str] = []
        self.empty: set[str] = set()
        self.problems: list[Problem] = []
        self.migrations: dict[MigrationKey, Migration] = {}
        self.marked: dict[MigrationKey, bytes] = {}

    def add(self, place: Place, jobs: Sequence[Job]) -> None:
        """Add the app whose migrations are in this place, if any are."""
        strays: list[str] = []
        files = list(self._files(place, jobs, strays))
        has_init = self.store.files.is_file(os.path.join(place.path, "__init__.py"))
        if not files and not (has_init and self._is_app(place)):
            self.empty |= {place.label} if place.label else set()
            return
        rows = {file.name: file.row for file in files}
        evident = evident_label(place, rows, self.configured | self.apps.keys())
        if evident is not None:
            place = place._replace(label=evident, source="references")
        if place.label is None:
            self.unlabelled.append(self.store.files.relative(place.path))
            return
        app = self._app(place, files, has_init=has_init)
        hidden = _hidden_names(self.store, place.path)
        app = app._replace(strays=tuple(strays), hidden=tuple(hidden))
        if app.label in self.apps:
            self.collisions.append(app)
            return
        self.apps[app.label] = app
        for file in files:
            migration = _migration(app.label, file)
            self.migrations[migration.key] = migration
            if file.marked is not None:
                self.marked[migration.key] = file.marked

    def _is_app(self, place: Place) -> bool:
        names = {entry.name for entry in self.store.files.entries(place.root)}
        return not names.isdisjoint({"apps.py", "models.py", "models"})

    def _app(self, place: Place, files: Sequence[_File], *, has_init: bool) -> App:
        relative = self.store.files.relative
        return App(
            place.label or "",
            relative(place.path),
            relative(place.root),
            f"{place.module}.{os.path.basename(place.path)}",
            place.in_project,
            has_init,
            place.source,
            place.listed,
            tuple(file.name for file in files),
        )

    def _files(self, place: Place, jobs: Sequence[Job], strays: list[str]) -> Iterator[_File]:
        for job in jobs:
            name = job.home.dotted.rpartition(".")[2]
            row, digest = self.store.row(job)
            if row is None:
                continue
            header, body, failure = row
            if body is False:
                strays.append(name)
            is_migration = header is not None or (failure is not None and _NUMBERED.match(name))
            relative = self.store.files.relative(job.path)
            problem = None
            if failure is not None:
                trouble, line, reason = failure
                problem = Problem(
                    Trouble(trouble), relative, line, reason, place.label,
                    name if is_migration else None,
                )  # fmt: skip
                self.problems.append(problem)
            if is_migration:
                yield _File(name, relative, row, digest, problem, self._marked(place, job))

    def _marked(self, place: Place, job: Job) -> bytes | None:
        content = self.store.files.read(job.path) if place.in_project else None
        return content.data if content is not None and MARK in content.data else None

    def history(
        self,
        settings: Settings,
        unmigrated: frozenset[str],
        installed: Mapping[str, tuple[str, ...]],
        *,
        closed: bool,
    ) -> History:
        """Return the whole."""
        for folder, reason in self.store.files.unreadable.items():
            path = self.store.files.relative(folder)
            self.problems.append(Problem(Trouble.UNREADABLE, path, None, reason))
        return History(
            Path(self.store.files.project),
            dict(sorted(self.apps.items())),
            dict(sorted(self.migrations.items())),
            collisions=tuple(self.collisions),
            unlabelled=tuple(self.unlabelled),
            unmigrated=(unmigrated | self.empty) - self.apps.keys(),
            problems=tuple(sorted(self.problems, key=lambda problem: problem.path)),
            settings={name: decode(raw) for name, raw in settings.values.items()},
            installed=installed,
            closed=closed,
            marked=self.marked,
        )


_NUMBERED = re.compile(r"\d{3,}_")
"""A file that cannot be read and has such a name is a migration."""


def _jobs(store: Store, place: Place) -> Iterator[Job]:
    # The folder of migrations is never where imports start, whatever __init__.py lacks.
    home = store.home(os.path.dirname(place.path))
    dotted = f"{home.dotted}.{os.path.basename(place.path)}"
    for name in _module_names(store, place.path):
        path = os.path.join(place.path, f"{name}.py")
        yield Job("migration", path, Home(home.root, f"{dotted}.{name}"))


def _hidden_names(store: Store, folder: str) -> list[str]:
    """Return the names of files beside which a package has the same name."""
    names = {entry.name for entry in store.files.entries(folder)}
    return sorted(
        name
        for name in names
        if f"{name}.py" in names and store.files.is_file(os.path.join(folder, name, "__init__.py"))
    )


def _module_names(store: Store, folder: str) -> Iterator[str]:
    """Yield the names of what Django takes for migrations: modules, no packages."""
    entries = store.files.entries(folder)
    packages = {
        entry.name
        for entry in entries
        if entry.is_dir and store.files.is_file(os.path.join(folder, entry.name, "__init__.py"))
    }
    for entry in entries:
        name, dot, suffix = entry.name.rpartition(".")
        if entry.is_dir or not dot or suffix != "py" or not name or name[0] in "_~":
            continue
        if "." not in name and name not in packages:
            yield name


def _migration(label: str, file: _File) -> Migration:
    header, body, _ = file.row
    return Migration(
        MigrationKey(label, file.name),
        file.path,
        UNREAD_HEADER if header is None else header_of(header),
        lambda: body_of(body),
        digest=file.digest,
        problem=file.problem,
    )
