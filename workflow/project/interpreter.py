"""Finds the Python that runs the project."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from workflow.errors import CouldNotCheck
from workflow.project import process


class Interpreter(NamedTuple):
    """A Python, and how it was found."""

    argv: tuple[str, ...]
    origin: str


def find_interpreter(
    project: Path, root: Path, configured: str | None, variables: Mapping[str, str]
) -> Interpreter:
    """Return the interpreter that runs the project.

    What is configured wins. Otherwise the first environment that has Django in it: the active
    one, ``.venv`` or ``venv`` (uv's place too) in the project or a folder above it up to
    ``root``, Poetry's, and at last the environment that this tool is installed in.

    Raises CouldNotCheck where the configured one is not there.
    """
    if configured is not None:
        return _configured(configured, root)
    for environment, origin in environments(project, root, variables):
        if has_django(environment):
            return Interpreter((str(_python(environment)),), origin)
    for environment, origin in _poetrys(project, root):
        if has_django(environment):
            return Interpreter((str(_python(environment)),), origin)
    return Interpreter((sys.executable,), "the environment of migration-workflow itself")


def has_django(environment: Path) -> bool:
    """Say whether Django is installed in a virtual environment, without starting its Python."""
    return _python(environment).exists() and any(
        environment.glob("lib/python3*/site-packages/django/__init__.py")
    )


def _configured(configured: str, root: Path) -> Interpreter:
    path = Path(configured).expanduser()
    if os.sep not in configured:
        return Interpreter((configured,), "python in the configuration")
    absolute = path if path.is_absolute() else root / path
    if absolute.is_dir():
        absolute = _python(absolute)
    if not absolute.exists():
        raise CouldNotCheck(f"the configured interpreter is not there: {absolute}")
    return Interpreter((str(absolute),), "python in the configuration")


def environments(
    project: Path, root: Path, variables: Mapping[str, str]
) -> Iterator[tuple[Path, str]]:
    """Yield where the project's virtual environment may be, with the reason; Poetry's is not."""
    if active := variables.get("VIRTUAL_ENV"):
        yield Path(active), "VIRTUAL_ENV"
    names = [variables.get("UV_PROJECT_ENVIRONMENT") or ".venv", ".venv", "venv"]
    for folder in folders_up_to(root, project):
        for name in dict.fromkeys(names):
            yield folder / name, name


def _poetrys(project: Path, root: Path) -> Iterator[tuple[Path, str]]:
    for folder in folders_up_to(root, project):
        if (folder / "poetry.lock").exists():
            yield from _poetry(folder)


def folders_up_to(root: Path, project: Path) -> list[Path]:
    """Return the folder of the project and those above it, up to ``root``."""
    return [project, *(parent for parent in project.parents if parent.is_relative_to(root))]


def _poetry(folder: Path) -> Iterator[tuple[Path, str]]:
    try:
        done = process.run(["poetry", "env", "info", "--path"], cwd=folder)
    except CouldNotCheck:
        return  # Poetry is not on this machine: then its environment is not either
    if done.code == 0 and done.stdout.strip():
        yield Path(done.stdout.strip()), "Poetry"


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"
