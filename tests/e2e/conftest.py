"""The example project, migrated and filled once in a session, copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.shop import Shop

EXAMPLE = Path(__file__).parents[2] / "example"
THROWAWAY = shutil.ignore_patterns("__pycache__", "*.sqlite3*", ".env", ".workflow")

MakeShop = Callable[[Path], Shop]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory with nothing in it."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    """The project with a database that has every migration applied, and rows in its tables."""
    folder = tmp_path_factory.mktemp("template") / "shop"
    shutil.copytree(EXAMPLE, folder, ignore=THROWAWAY)
    shop = Shop(folder, home)
    shop.manage("migrate", "--verbosity=0")
    shop.manage("seed")
    return folder


@pytest.fixture(scope="session")
def make_shop(template: Path, home: Path) -> MakeShop:
    """Copy the migrated project to a folder."""

    def make(folder: Path) -> Shop:
        shutil.copytree(template, folder)
        return Shop(folder, home)

    return make


@pytest.fixture
def shop(make_shop: MakeShop, tmp_path: Path) -> Shop:
    """A copy of the migrated project."""
    return make_shop(tmp_path / "shop")
