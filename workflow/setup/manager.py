"""Which tool keeps the project's packages, and how a program of ours is run through it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import NamedTuple

COMMAND = "migration-workflow"
HOOK = "migration-workflow-hook"
"""The console scripts. ``python -m workflow`` would find a package of theirs of that name first."""

PACKAGE = "django-migration-workflow"

LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm"}
TABLES = ("uv", "poetry", "pdm")
"""Tables below ``[tool]`` of pyproject.toml that tell a manager where it has no lock file yet."""

RUN = {"uv": ("uv", "run"), "poetry": ("poetry", "run"), "pdm": ("pdm", "run")}
ADD = {
    "uv": "uv add --dev",
    "poetry": "poetry add --group dev",
    "pdm": "pdm add --dev",
    "pip": "python -m pip install",
}
INSTALL = {"uv": "uv sync", "poetry": "poetry install", "pdm": "pdm install"}


class Manager(NamedTuple):
    """How the project's packages are kept. ``sign`` is the file that says so, if one does."""

    name: str
    sign: str | None
    folder: Path
    """Where its commands are run."""
    environment: str | None = None
    """The virtual environment in that folder, where the manager is pip."""
    requirements: str | None = None

    @property
    def add(self) -> str:
        """The command that adds this package to the project."""
        return f"{ADD[self.name]} {PACKAGE}"

    @property
    def install(self) -> str:
        """The command that installs what the project needs."""
        file = self.requirements
        what = f"-r {shlex.quote(file)}" if file else "-e ."
        return INSTALL.get(self.name) or f"python -m pip install {what}"

    def words(self, program: str, start: Path) -> tuple[str, ...]:
        """Return what runs a program of the project's environment from a folder."""
        if self.name in RUN:
            return (*RUN[self.name], program)
        if self.environment is None:
            return (program,)
        folder = os.path.relpath(self.folder / self.environment / "bin", start)
        return (f"{folder}/{program}",)

    def command(self, start: Path) -> str:
        """Return what runs the console script from a folder, as it is typed."""
        return shlex.join(self.words(COMMAND, start))


def find_manager(folder: Path, top: Path) -> Manager:
    """Return the manager that the nearest lock file or table of pyproject.toml names, else pip.

    Raises UsageError for a pyproject.toml that is not TOML.
    """
    folders = [folder, *(parent for parent in folder.parents if parent.is_relative_to(top))]
    for place in folders:
        for lock, name in LOCKS.items():
            if (place / lock).is_file():
                return Manager(name, lock, place)
    for place in folders:
        if (named := _named_by_table(place / "pyproject.toml")) is not None:
            return Manager(named, "pyproject.toml", place)
    return _pip(folders)


def _named_by_table(path: Path) -> str | None:
    if not path.is_file():
        return None
    from workflow.config import parse_toml

    tool = parse_toml(path).get("tool", {})
    return next((name for name in TABLES if name in tool), None)


def _pip(folders: list[Path]) -> Manager:
    requirements = _nearest(folders, "requirements-dev.txt", "requirements.txt")
    environment = _nearest(folders, ".venv/pyvenv.cfg", "venv/pyvenv.cfg")
    sign = requirements.name if requirements else None
    if environment is None:
        return Manager("pip", sign, folders[0], None, sign)
    folder = environment.parent.parent
    return Manager("pip", sign, folder, environment.parent.name, sign)


def _nearest(folders: list[Path], *names: str) -> Path | None:
    paths = (folder / name for folder in folders for name in names)
    return next((path for path in paths if path.is_file()), None)
