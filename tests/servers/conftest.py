"""Copies of the example on real servers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import EXAMPLE, THROWAWAY
from tests.e2e.shop import Shop
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

MakeShop = Callable[[str], Shop]


@pytest.fixture
def on(tmp_path: Path) -> MakeShop:
    """Make copies of the example that use the database of a URL."""

    def make(url: str) -> Shop:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        shutil.copytree(EXAMPLE, folder / "shop", ignore=THROWAWAY)
        (folder / "home").mkdir()
        shop = Shop(folder / "shop", folder / "home")
        shop.variables["DATABASE_URL"] = url
        return shop

    return make


@pytest.fixture
def shop(database_url: str, on: MakeShop) -> Shop:
    """A copy of the example on the engine that the test is run on."""
    return on(database_url)
