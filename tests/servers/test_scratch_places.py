"""Where scratch databases are made: the configured server, the project's own, one of the run's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.engines import socket_folder

if TYPE_CHECKING:
    from tests.e2e.shop import Run
    from tests.servers.conftest import MakeShop
    from tests.servers.fixtures import ServerOf

PASSWORD = "p'a\"s s\\w$o`r#d%;&|<>*?[]{}()!~^=+,.:/@-é"
"""Every character that a shell, a URL, SQL or an option file may stumble over."""

QUOTED = "'" + PASSWORD.replace("'", "''") + "'"


def scratch(done: Run, gate: str = "rehearsal") -> dict[str, Any]:
    (found,) = [one for one in done.document["gates"] if one["name"] == gate]
    told: dict[str, Any] = found["scratch"]
    return told


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder for temporary files that others may look into, with a short path."""
    with socket_folder() as folder:
        folder.chmod(0o711)
        yield folder


def as_user(url: str, name: str) -> str:
    """Return the URL of a database for another user."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{name}@{rest.partition('@')[2]}"


@pytest.fixture
def without_right(database_url: str, server_of: ServerOf) -> str:
    """The URL of a database whose user may not create another."""
    server = server_of("postgresql")
    name = database_url.partition("?")[0].rpartition("/")[2]
    server.run(f"CREATE ROLE {name} LOGIN")
    server.run(f"ALTER DATABASE {name} OWNER TO {name}")
    return as_user(database_url, name)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_the_right_a_server_is_started_for_the_run(
    without_right: str, on: MakeShop, room: Path
) -> None:
    shop = on(without_right)
    shop.variables["TMPDIR"] = str(room)
    built = shop.json("migrate-safe")
    assert built.code == 0, built.stderr[-3000:]
    assert scratch(built)["where"] == "the PostgreSQL of this machine"
    assert scratch(built)["engine"] == scratch(built)["own_engine"]

    shop.add_field()
    assert shop.json("makemigrations").code == 0
    done = shop.json("test-migrations-clean")
    assert done.code == 0, done
    assert list(room.iterdir()) == []
