"""Every case, run once on each engine by each process of tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.evidence.observing import Observed, database_on, observe, sqlite_in
from tests.servers.fixtures import ServerOf, server_of

__all__ = ["server_of"]

EvidenceOf = Callable[[str], Observed]


@pytest.fixture(scope="session")
def evidence_of(server_of: ServerOf, tmp_path_factory: pytest.TempPathFactory) -> EvidenceOf:
    """Return what an engine showed."""

    @cache
    def evidence_of(engine: str) -> Observed:
        folder = tmp_path_factory.mktemp(engine)
        if engine == "sqlite":
            return observe(folder, sqlite_in(folder), "sqlite")
        server = server_of(engine)
        server.run("CREATE DATABASE evidence")
        return observe(folder, database_on(server), server.vendor)

    return evidence_of
