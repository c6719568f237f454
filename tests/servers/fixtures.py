"""Fixtures of the real servers, for the conftest.py of whatever tests need them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.servers.engines import ENGINES, Server, mariadb_server, postgresql_server

START: Mapping[str, Callable[[], AbstractContextManager[Server]]] = {
    "postgresql": postgresql_server,
    "postgresql-wheel": partial(postgresql_server, wheel=True),
    "mariadb": mariadb_server,
}

ServerOf = Callable[[str], Server]


@pytest.fixture(scope="session")
def server_of() -> Iterator[ServerOf]:
    """Return the running server of an engine. It is started once in a process of tests."""
    with ExitStack() as stack:
        running: dict[str, Server] = {}

        def server_of(engine: str) -> Server:
            if engine not in running:
                running[engine] = stack.enter_context(START[engine]())
            return running[engine]

        yield server_of


NUMBERS = itertools.count(1)


@pytest.fixture(params=ENGINES)
def database_url(
    request: pytest.FixtureRequest, server_of: ServerOf, tmp_path: Path
) -> Iterator[str]:
    """The URL of an empty database of this test's own, on each engine.

    Choose engines with ``@pytest.mark.parametrize("database_url", [...], indirect=True)``.
    """
    engine: str = request.param
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'database.sqlite3'}"
        return
    server = server_of(engine)
    name = f"test_{next(NUMBERS)}"
    server.run(f"CREATE DATABASE {name}")
    try:
        yield server.url(name)
    finally:
        force = " WITH (FORCE)" if server.vendor == "postgresql" else ""
        server.run(f"DROP DATABASE IF EXISTS {name}{force}")
