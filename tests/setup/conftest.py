"""Repositories as templates make them, each with the habits of another team."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.setup.repository import Repository


@pytest.fixture
def repository(two_apps: Path, tmp_path: Path) -> Iterator[Repository]:
    """A repository with a project at its top, and no other habit yet."""
    made = Repository(tmp_path / "repository")
    shutil.copytree(two_apps, made.folder, ignore=shutil.ignore_patterns("__pycache__"))
    yield made
    made.close()
