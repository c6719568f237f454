"""Copies of the example on real servers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.conftest import EXAMPLE, THROWAWAY
from tests.e2e.shop import Shop
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

MakeShop = Callable[[str], Shop]


def make_shop(folder: Path, url: str) -> Shop:
    """Make a copy of the example below a folder, which uses the database of a URL."""
    top = Path(tempfile.mkdtemp(dir=folder))
    shutil.copytree(EXAMPLE, top / "shop", ignore=THROWAWAY)
    (top / "home").mkdir()
    shop = Shop(top / "shop", top / "home")
    shop.variables["DATABASE_URL"] = url
    return shop


@pytest.fixture
def on(tmp_path: Path) -> MakeShop:
    """Make copies of the example that use the database of a URL."""
    return partial(make_shop, tmp_path)


@pytest.fixture
def shop(database_url: str, on: MakeShop) -> Shop:
    """A copy of the example on the engine that the test is run on."""
    return on(database_url)
