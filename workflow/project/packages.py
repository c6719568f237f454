"""Finds the installed packages of the project by path alone: no Python is started for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from workflow.project.interpreter import environments, folders_up_to, has_django

_NAMES = ("site-packages", "dist-packages")


class Packages(NamedTuple):
    """Folders of installed packages. ``are_sure``: they are certainly the project's."""

    folders: tuple[Path, ...] = ()
    are_sure: bool = True


def find_packages(
    project: Path, root: Path, configured: str | None, variables: Mapping[str, str]
) -> Packages:
    """Return the folders of the packages that the project's interpreter would import.

    The interpreter is the one that ``find_interpreter`` finds; nothing where only asking
    Poetry could tell. The environment of this tool is the project's own where it lies inside
    ``root``; elsewhere it may be one made for commit hooks, and is not sure.
    """
    # Whatever is wrong with an environment is told by the gates that start its Python.
    with suppress(OSError, RuntimeError, ValueError):
        return _found(project, root, configured, variables)
    return Packages()


def _found(
    project: Path, root: Path, configured: str | None, variables: Mapping[str, str]
) -> Packages:
    if configured is not None:
        return _of(_configured(configured, root), root, variables)
    for environment, _ in environments(project, root, variables):
        if has_django(environment):
            return _of(environment / "bin" / "python", root, variables)
    if any((folder / "poetry.lock").exists() for folder in folders_up_to(root, project)):
        return Packages()
    own = tuple(Path(entry) for entry in sys.path if Path(entry).name in _NAMES)
    return Packages(_around(variables, own), are_sure=False)


def _of(python: Path, root: Path, variables: Mapping[str, str]) -> Packages:
    prefix = python.parent.parent
    is_own = prefix.resolve() == Path(sys.prefix).resolve()
    are_sure = not is_own or prefix.is_relative_to(root)
    return Packages(_around(variables, _folders(python)), are_sure)


def _configured(configured: str, root: Path) -> Path:
    if os.sep not in configured:
        import shutil

        return Path(shutil.which(configured) or configured)
    path = root / Path(configured).expanduser()
    return path / "bin" / "python" if path.is_dir() else path


def _folders(python: Path) -> tuple[Path, ...]:
    """Return the folders of a ``bin/python``: of a virtual environment, or Debian's."""
    if not python.is_absolute() or not python.exists():
        return ()
    prefix = python.parent.parent
    versions = [path.name for path in prefix.glob("lib/python3.*") if _has_packages(path)]
    if len(versions) > 1:
        versions = [version for version in versions if version == python.resolve().name]
        if not versions:
            return ()
    names = dict.fromkeys([*versions, "python3", python.resolve().name])
    libraries = [prefix / base / name for base in ("lib", "local/lib") for name in names]
    found = [library / name for library in libraries for name in _NAMES]
    return tuple(folder for folder in found if folder.is_dir())


def _has_packages(library: Path) -> bool:
    return any((library / name).is_dir() for name in _NAMES)


def _around(variables: Mapping[str, str], folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Add what comes before them: what lies in both places is then not certain."""
    before = [Path(entry) for entry in variables.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return (*before, *folders) if folders else ()
