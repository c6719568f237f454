"""A small project, copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.two_apps import Project


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Project(tmp_path_factory.mktemp("template") / "project")
    made.create()
    return made.folder


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Iterator[Project]:
    """A project whose database is not there yet."""
    folder = tmp_path / "project"
    shutil.copytree(template, folder)
    copied = Project(folder)
    yield copied
    copied.close()
