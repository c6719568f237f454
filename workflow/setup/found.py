"""What is found in a repository before anything is asked or written, and where each was found."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workflow.config import OWN_FILE
from workflow.errors import UsageError
from workflow.setup.manager import Manager, find_manager
from workflow.setup.writing import NotReadable, read

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.project.compose_files import ComposeFiles
    from workflow.project.git import Git
    from workflow.setup.compose import Services

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
"""What make looks for, in its order."""

TASKS = ("tasks.py", "tasks/__init__.py")
"""What Invoke looks for, in its order."""

GITHUB = ".github"
GITLAB = ".gitlab-ci.yml"

CHOSEN = re.compile(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)['\"]")
HOST = re.compile(r"(?:\w+://)?(?:[^@/]*@)?([\w.-]+)[:/]")
"""The host in the address of a remote, be it a URL or as scp writes it."""

ENGINE = re.compile(r"django\.(?:contrib\.gis\.)?db\.backends\.(\w+)")
PINNED = re.compile(r"^invoke\s*(?:==|~=|<=|<)\s*([\d.]+)", re.MULTILINE | re.IGNORECASE)
SKIPPED = {"node_modules", "site-packages"}
DEPTH = 3
"""How many levels down a project is looked for."""


class Fact(NamedTuple):
    """One thing that was found."""

    what: str
    value: str
    origin: str


class Found:
    """A repository. Each thing in it is looked for when it is asked for, and once."""

    def __init__(self, settings: Settings, git: Git) -> None:
        self.settings = settings
        self.git = git

    @cached_property
    def top(self) -> Path:
        """The top of the repository: where git runs hooks, and where a CI provider looks."""
        return self.git.top or self.settings.root

    @cached_property
    def home(self) -> Path:
        """The folder of all that is written for one project.

        The top, unless there are other projects below it, or the project keeps a pyproject.toml
        or tasks of its own.
        """
        configured = self.settings.root
        if (configured / OWN_FILE).is_file():
            return configured
        project = self.settings.project
        own = any((project / name).is_file() for name in ("pyproject.toml", *TASKS, *MAKEFILES))
        at_top = any((self.top / name).is_file() for name in ("pyproject.toml", *TASKS, *MAKEFILES))
        return project if self._rivals or (own and not at_top) else self.top

    @cached_property
    def projects(self) -> tuple[Path, ...]:
        """Every folder of the repository with a ``manage.py``, down to the third level."""
        return tuple(_projects_below(self.top, DEPTH))

    @property
    def _rivals(self) -> list[Path]:
        """Other projects that somebody at the top may mean, or that lie beside this one."""
        project = self.settings.project
        near = {self.top, project.parent}
        others = (one for one in self.projects if one != project)
        return [one for one in others if one == self.top or one.parent in near]

    @cached_property
    def manager(self) -> Manager:
        """The tool that keeps the project's packages."""
        return find_manager(self.settings.project, self.top)

    @cached_property
    def settings_module(self) -> Fact | None:
        """The settings module, where something names it."""
        settings = self.settings
        if settings.settings is not None:
            return Fact("settings", settings.settings, settings.origins.get("settings", ""))
        if settings.manage is None:
            return None
        chosen = CHOSEN.findall(self.text(settings.manage) or "")
        return Fact("settings", chosen[0], "manage.py") if len(set(chosen)) == 1 else None

    @cached_property
    def compose_files(self) -> ComposeFiles | None:
        """The Compose files."""
        from workflow.project.compose_files import find_compose_files

        return find_compose_files(self.settings)

    @cached_property
    def services(self) -> Services | None:
        """What they say. Raises NotReadable."""
        from workflow.setup.compose import read_services

        return None if self.compose_files is None else read_services(self.compose_files)

    @cached_property
    def service(self) -> str | None:
        """The service that runs the project, if there is one."""
        if self.services is None:
            return None
        return self.services.of(self.settings.project, self.settings.service)

    @cached_property
    def host_environment(self) -> Fact | None:
        """The virtual environment on this machine that has Django, if there is one."""
        from workflow.project.interpreter import environments, has_django

        settings = self.settings
        for folder, origin in environments(settings.project, settings.root, settings.variables):
            if has_django(folder):
                return Fact("python", str(folder / "bin/python"), origin)
        return None

    @cached_property
    def invoke_version(self) -> tuple[int, ...] | None:
        """The version of Invoke that the project has or asks for, where it is not left open."""
        environment = self.host_environment
        if environment is not None:
            packages = Path(environment.value).parents[1].glob("lib/python3*/site-packages")
            installed = (path.name for one in packages for path in one.glob("invoke-*.dist-info"))
            for name in installed:
                return _version(name.split("-")[1].removesuffix(".dist"))
        requirements = sorted(self.home.glob("*requirements*.txt"))
        pinned = [PINNED.search(self.text(path) or "") for path in requirements]
        return next((_version(found[1]) for found in pinned if found), None)

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """The kinds of databases that the settings name, as far as their text shows."""
        if self.settings_module is None:
            return ()
        parts = self.settings_module.value.split(".")
        module = self.settings.project.joinpath(*parts)
        files = [module.with_suffix(".py"), *sorted(module.parent.glob("*.py"))]
        found = (name for file in files for name in ENGINE.findall(self.text(file) or ""))
        return tuple(dict.fromkeys(found))

    @cached_property
    def tasks(self) -> Path | None:
        """The file of Invoke's tasks."""
        return self._first(*TASKS)

    @cached_property
    def makefile(self) -> Path | None:
        """The Makefile."""
        return self._first(*MAKEFILES)

    @cached_property
    def ci(self) -> Fact | None:
        """The provider of continuous integration: the files say it, or where the remote is."""
        if (self.top / GITLAB).is_file():
            return Fact("CI", "GitLab", GITLAB)
        if (self.top / GITHUB).is_dir():
            return Fact("CI", "GitHub", GITHUB)
        remote = HOST.match(self.git.remote or "")
        for name in ("GitHub", "GitLab"):
            if remote is not None and name.lower() in remote[1]:
                return Fact("CI", name, "the remote")
        return None

    @cached_property
    def namesake(self) -> Path | None:
        """A package of the project's own called as this tool's is, which Invoke would import."""
        folders = dict.fromkeys((self.home, self.settings.project))
        named = (folder / name for folder in folders for name in ("workflow", "workflow.py"))
        return next((path for path in named if path.exists() and not _is_ours(path)), None)

    @property
    def project_from_home(self) -> str | None:
        """The project's folder as seen from home, where it would not be found from there."""
        return self._named_from(self.home)

    @property
    def project_from_top(self) -> str | None:
        """The project's folder as seen from the top, where it would not be found from there."""
        if self.home == self.top and self.project_from_home is not None:
            return None  # the table says it
        return self._named_from(self.top)

    def facts(self) -> Iterator[Fact]:
        """Yield everything for a person to read. Raises NotReadable."""
        settings, manager = self.settings, self.manager
        yield Fact("project", self.shown(settings.project), "manage.py")
        if self.settings_module is not None:
            yield self.settings_module
        yield Fact("packages", manager.name, manager.sign or "no file of another manager")
        if self.host_environment is not None:
            yield self.host_environment
        if self.compose_files is not None and self.services is not None:
            names = ", ".join(path.name for path in self.services.files)
            yield Fact("compose", names, self.compose_files.origin)
            yield Fact("service", self.service or "none runs the project", names)
        if self.engines:
            yield Fact("databases", ", ".join(self.engines), "the settings")
        yield self._branch()
        for what, path in (("invoke", self.tasks), ("make", self.makefile)):
            if path is not None:
                yield Fact(what, self.shown(path), "its name")
        if self.ci is not None:
            yield self.ci

    def shown(self, path: Path) -> str:
        """Return a path relative to the top."""
        return os.path.relpath(path, self.top)

    def text(self, path: Path) -> str | None:
        """Return the text of a file, ``None`` where there is none to be read."""
        try:
            return read(path)
        except NotReadable:
            return None

    def _branch(self) -> Fact:
        git = self.git
        if git.top is None:
            return Fact("git", "none", "no repository around the project")
        state = git.branch or "detached HEAD"
        remarks = [" shallow clone"] if git.is_shallow else []
        return Fact(
            "git", f"main branch {git.main_branch or 'unknown'}", ",".join([state, *remarks])
        )

    def _named_from(self, folder: Path) -> str | None:
        project = self.settings.project
        near = [one for one in self.projects if folder in {one, one.parent}]
        if project == folder or near == [project]:
            return None
        return os.path.relpath(project, folder)

    def _first(self, *names: str) -> Path | None:
        paths = (self.home / name for name in names)
        return next((path for path in paths if path.is_file()), None)


def expect_project(settings: Settings, git: Git) -> None:
    """Raise UsageError where the folder is none of a project; it names those that there are."""
    if settings.manage is None and settings.settings is None:
        projects = Found(settings, git).projects
        near = [os.path.relpath(one, Path.cwd()) for one in projects]
        where = f"; it is in {' and '.join(near)}" if near else ""
        hint = f"Name the folder: --project {near[0]}" if near else "Go to the project"
        raise UsageError(f"there is no manage.py in {settings.project} or above it{where}. {hint}.")


def _projects_below(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the folders with a ``manage.py``, those further down last."""
    if (folder / "manage.py").is_file():
        yield folder
    for below in sorted(folder.iterdir()) if depth else ():
        if below.is_dir() and _is_searched(below):
            yield from _projects_below(below, depth - 1)


def _is_searched(folder: Path) -> bool:
    is_environment = (folder / "pyvenv.cfg").is_file()
    return not (folder.name.startswith(".") or folder.name in SKIPPED or is_environment)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def _is_ours(path: Path) -> bool:
    return (path / "flows.py").is_file() and (path / "verbs.py").is_file()
