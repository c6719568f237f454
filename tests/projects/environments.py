"""Environments with real projects in them, made with venv and pip and kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE_VARIABLE = "MIGRATION_WORKFLOW_TEST_CACHE"
USER_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
"""Looked up at once: tests get another home directory later."""

DONE = "requirements.txt"
"""Written last: an environment without it was never finished."""

INSTALL_SECONDS = 900


def cache_folder() -> Path:
    """The folder that holds all environments, outside of the checkout."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).absolute() if named else USER_CACHE / "django-migration-workflow"


def environment_with(*requirements: str) -> Path:
    """Return a virtual environment of this Python with these requirements in it.

    One that an earlier run made is used again. Made at its final place, because virtual
    environments can't be moved; by one process at a time.
    """
    folder = cache_folder() / _key(requirements)
    with _alone(folder):
        if not (folder / DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(folder))
            _run(str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *requirements)
            (folder / DONE).write_text("\n".join(requirements) + "\n", encoding="utf-8")
    return folder


def taken_out(environment: Path, package: str) -> Path:
    """Move an installed package out of its environment, beside it; return where it is now.

    So a project's own apps can lie in its tree, and nowhere else.
    """
    folder = environment.with_name(f"{environment.name}-{package}")
    with _alone(environment):
        for installed in environment.glob(f"lib/python3*/site-packages/{package}"):
            shutil.rmtree(folder, ignore_errors=True)
            installed.rename(folder)
    return folder


def _key(requirements: tuple[str, ...]) -> str:
    """Name an environment after what it is made of."""
    python = ".".join(map(str, sys.version_info[:3]))
    text = "\n".join([python, sys.executable, *requirements])
    first = requirements[0].partition("=")[0]
    return f"{first}-python{python}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*argv: str) -> None:
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} failed:\n{os.fsdecode(done.stdout)}")
