"""Databases that are kept on a server and that no project seems to need any more are dropped."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _migration_workflow_agent import kept
from _migration_workflow_agent.kept import PREFIX, shelf_of
from _migration_workflow_agent.scratch_databases import ScratchDatabases
from _migration_workflow_agent.scratch_postgresql import Server as Session

from tests.agent.engines import ALIAS, connected
from tests.servers.fixtures import ServerOf, database_url, server_of

if TYPE_CHECKING:
    from tests.servers.engines import Server

__all__ = ["database_url", "server_of"]

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

DAY = 24 * 3600
NAME = f"{PREFIX}_0123456789_0123456789abcdef0123"


class Keeping:
    """Runs of several projects on one server, each of which keeps a database."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.others = self.all()

    def all(self) -> set[str]:
        return {name for name in self.server.databases() if PREFIX in name}

    def keep(self, project: str, *digests: str) -> set[str]:
        """Keep a database for each digest, or begin with the last; return the new ones."""
        before = self.all()
        scratch = ScratchDatabases(str(self.folder), project)
        shelf: Any = shelf_of(scratch, ALIAS)
        shelf.prepare(list(digests), [])
        with scratch.grown(ALIAS, shelf) as connection:
            for number in range(1, len(digests) + 1):
                if not shelf.has(number):
                    shelf.stage(connection, number, {"state": "state"})
            shelf.keep([], [])
        return self.all() - before

    def age(self, name: str, days: float) -> None:
        """Let a database have been kept so many days ago, and not used since."""
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = "
        record = json.loads(self.server.run(f"{query}'{name}'").strip())
        record.pop("used", None)
        self.comment(name, {**record, "at": time.time() - days * DAY})

    def comment(self, name: str, comment: object) -> None:
        self.server.run(f"COMMENT ON DATABASE {name} IS '{json.dumps(comment)}'")


@pytest.fixture
def keeping(database_url: str, server_of: ServerOf, tmp_path: Path) -> Iterator[Keeping]:
    with connected(database_url):
        keeping = Keeping(server_of("postgresql"), tmp_path)
        yield keeping
        for name in keeping.all() - keeping.others:
            keeping.server.run(f"DROP DATABASE {name}")


def test_one_that_nobody_used_for_a_week_is_dropped(keeping: Keeping) -> None:
    (old,) = keeping.keep("/deleted", "a")
    keeping.age(old, 7.1)
    new = keeping.keep("/another", "a")
    assert len(new) == 1
    assert keeping.all() - keeping.others == new


def test_one_of_this_week_stays(keeping: Keeping) -> None:
    (old,) = keeping.keep("/elsewhere", "a")
    keeping.age(old, 6.9)
    keeping.keep("/another", "a")
    assert old in keeping.all()


def test_one_that_was_begun_with_this_week_stays(keeping: Keeping) -> None:
    (old,) = keeping.keep("/elsewhere", "a")
    keeping.age(old, 30)
    assert keeping.keep("/elsewhere", "a") == set()
    keeping.keep("/another", "a")
    assert old in keeping.all()


def test_all_of_a_project_that_used_one_of_them_stay(keeping: Keeping) -> None:
    made = keeping.keep("/elsewhere", "a", "b", "c")
    for name in made:
        keeping.age(name, 30)
    assert keeping.keep("/elsewhere", "a", "b", "c") == set()
    keeping.keep("/another", "a")
    assert made <= keeping.all()


def test_those_of_the_project_that_ran_longest_ago_are_dropped_beyond_what_a_server_keeps(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    oldest = keeping.keep("/first", "a")
    older = keeping.keep("/second", "a")
    monkeypatch.setattr(kept, "ON_SERVER", 2)
    assert keeping.keep("/first", "a") == set()  # which is used again, and so the younger one
    newest = keeping.keep("/third", "a")
    assert keeping.all() - keeping.others == oldest | newest
    assert not older & keeping.all()


@pytest.mark.parametrize("comment", [None, "a database of mine", {"at": 1}, ["at", "state"]])
def test_one_without_a_record_of_ours_is_left_alone(comment: object, keeping: Keeping) -> None:
    keeping.server.run(f"CREATE DATABASE {NAME} ALLOW_CONNECTIONS false")
    if comment is not None:
        keeping.comment(NAME, comment)
    keeping.keep("/another", "a")
    assert NAME in keeping.all()


@pytest.mark.parametrize(
    ("name", "clause"),
    [(NAME, ""), (f"my_{PREFIX}_copy", "ALLOW_CONNECTIONS false")],
    ids=["whom others may connect to", "of another name"],
)
def test_one_that_is_only_like_ours_is_left_alone(name: str, clause: str, keeping: Keeping) -> None:
    keeping.server.run(f"CREATE DATABASE {name} {clause}")
    keeping.comment(name, {"at": 1, "proven": [], "state": "state"})
    keeping.keep("/another", "a")
    assert name in keeping.all()


def test_one_that_somebody_is_connected_to_is_left_alone(keeping: Keeping) -> None:
    from django.db import connections

    keeping.server.run(f"CREATE DATABASE {NAME}")
    connection = connections[ALIAS]
    with closing(Session(connection, connection.settings_dict)) as session:
        with closing(session.connection_to(NAME)) as user:
            user.ensure_connection()
            session.close_to_all(NAME, json.dumps({"at": 1, "proven": [], "state": "state"}))
            keeping.keep("/another", "a")
            assert NAME in keeping.all()
    keeping.keep("/another", "a")
    assert NAME not in keeping.all()
