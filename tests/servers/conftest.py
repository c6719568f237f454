"""Copies of the example on real servers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import EXAMPLE, THROWAWAY
from tests.e2e.shop import Shop
from tests.servers.fixtures import ServerOf, database_url, server_of

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


@pytest.fixture(scope="session")
def template_of(
    server_of: ServerOf, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Return the name of a PostgreSQL's database with all migrations of the example, made once."""

    @cache
    def template_of(engine: str) -> str:
        server = server_of(engine)
        server.run("CREATE DATABASE migrated")
        made = make_shop(tmp_path_factory.mktemp("migrated"), server.url("migrated"))
        made.manage("migrate", "--verbosity=0")
        return "migrated"

    return template_of


@pytest.fixture
def migrated_shop(
    database_url: str,
    on: MakeShop,
    server_of: ServerOf,
    template_of: Callable[[str], str],
    request: pytest.FixtureRequest,
) -> Shop:
    """The example with all its migrations applied, on the engine that the test is run on.

    PostgreSQL copies a database as it is. MariaDB would write it in other words than migrations do.
    """
    shop = on(database_url)
    engine: str = request.node.callspec.params["database_url"]
    if engine.startswith("postgresql"):
        server, name = server_of(engine), urlsplit(database_url).path[1:]
        server.run(f"DROP DATABASE {name}")
        server.run(f"CREATE DATABASE {name} TEMPLATE {template_of(engine)}")
    else:
        shop.manage("migrate", "--verbosity=0")
    return shop
