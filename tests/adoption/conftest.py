"""The programs of the stories, each installed from the package index and kept between runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects.environments import cache_folder, environment_with

ROOT = Path(__file__).parents[2]

MANAGERS = ("uv==0.*", "poetry==2.*")
FRAMEWORKS = ("pre-commit==4.*", "prek==0.*")

STRANGERS = ("MIGRATION_WORKFLOW", "DJANGO_", "VIRTUAL_ENV", "PYTHON", "GIT_", "PRE_COMMIT")
"""What begins so is of whoever runs the tests."""

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"))
}


@pytest.fixture(scope="session")
def links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip and uv look into besides the index: it holds this project's wheel."""
    folder = tmp_path_factory.mktemp("links")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, timeout=600)
    return folder


@pytest.fixture(scope="session")
def frameworks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where pre-commit and prek keep the environments of hooks: new ones, for a new wheel."""
    folder = tmp_path_factory.mktemp("frameworks")
    return {"PRE_COMMIT_HOME": str(folder / "pre-commit"), "PREK_HOME": str(folder / "prek")}


@pytest.fixture(scope="session")
def programs() -> Path:
    """A folder with the managers of packages."""
    return environment_with(*MANAGERS) / "bin"


@pytest.fixture(scope="session")
def framework_programs() -> dict[str, Path]:
    """A folder for each framework: a machine has one of them."""
    return {name.partition("=")[0]: environment_with(name) / "bin" for name in FRAMEWORKS}


@pytest.fixture
def variables(
    tmp_path: Path, links: Path, programs: Path, frameworks: dict[str, str]
) -> dict[str, str]:
    """The environment of a person at work: their programs, their home, and nothing of ours."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(STRANGERS)}
    found = f"{links} {os.environ.get('PIP_FIND_LINKS', '')}".strip()
    return {
        **kept,
        **WHO,
        **frameworks,
        "HOME": str(home),
        "PATH": os.pathsep.join([str(programs), "/usr/bin", "/bin"]),
        "PIP_FIND_LINKS": found,
        "UV_FIND_LINKS": str(links),
        "UV_CACHE_DIR": str(cache_folder() / "uv"),
        "UV_PYTHON": sys.executable,
        "UV_REFRESH_PACKAGE": "django-migration-workflow",
        "POETRY_CACHE_DIR": str(cache_folder() / "poetry"),
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
