"""Each real project made once in a session, and copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.projects.site import Site
from tests.projects.sites import make_oscar_shop, make_wagtail_site


@pytest.fixture(scope="session")
def wagtail_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that Wagtail made."""
    return _made(tmp_path_factory, "wagtail", make_wagtail_site)


@pytest.fixture(scope="session")
def oscar_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with Oscar's apps in its tree."""
    return _made(tmp_path_factory, "oscar", make_oscar_shop)


@pytest.fixture
def wagtail(wagtail_template: Path, tmp_path: Path) -> Site:
    """A copy of the Wagtail site, under git."""
    return _copied(wagtail_template, tmp_path)


@pytest.fixture
def oscar(oscar_template: Path, tmp_path: Path) -> Site:
    """A copy of the Oscar shop, under git."""
    return _copied(oscar_template, tmp_path)


def _made(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    folder = factory.mktemp(name) / "site"
    make(folder)
    return folder


def _copied(template: Path, tmp_path: Path) -> Site:
    folder, home = tmp_path / "site", tmp_path / "home"
    shutil.copytree(template, folder, symlinks=True)
    home.mkdir()
    site = Site(folder, home)
    site.commit_all()
    return site
