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


class _Running:
    """The servers of this process. They end with the last of the fixtures that give them out."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._servers: dict[str, Server] = {}
        self._holders = 0

    def __enter__(self) -> ServerOf:
        self._holders += 1
        return self._server_of

    def __exit__(self, *_: object) -> None:
        self._holders -= 1
        if self._holders == 0:
            self._servers.clear()
            self._stack.close()

    def _server_of(self, engine: str) -> Server:
        if engine not in self._servers:
            self._servers[engine] = self._stack.enter_context(START[engine]())
        return self._servers[engine]


RUNNING = _Running()


@pytest.fixture(scope="session")
def server_of() -> Iterator[ServerOf]:
    """Return the running server of an engine. It is started once in a process of tests.

    To pytest each module that imports this has a fixture of its own; the servers are the same.
    """
    with RUNNING as server_of:
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
