"""What is looked at on the database itself, so that it does what the rehearsal did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from _migration_workflow_agent.as_rehearsed import NotAsRehearsedError, expect_as_after
from _migration_workflow_agent.fingerprint import fingerprint

from tests.agent.engines import connected
from tests.servers.engines import ENGINES
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

COUNTED = re.compile(r"SELECT count\(\*\) FROM \W(\w+)", re.IGNORECASE)

servers = pytest.mark.parametrize("database_url", ENGINES[1:], indirect=True)
sqlite = pytest.mark.parametrize("database_url", ENGINES[:1], indirect=True)


class Applied:
    """A database to which a plan was applied that made one more table, with a row."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.run("CREATE TABLE old (id integer)")
        self.before = fingerprint(connection)
        self.run("CREATE TABLE new (id integer)")
        self.run("INSERT INTO new VALUES (1)")
        after = fingerprint(connection)
        self.rehearsed = {"before": self.before, "after": after, "row_changes": {"new": 1}}

    def run(self, statement: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)

    def counted(self) -> set[str]:
        """Compare; return the tables whose rows were counted."""
        statements = []

        def note(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            statements.append(str(sql))
            return execute(sql, params, many, context)

        with self.connection.execute_wrapper(note):
            expect_as_after(self.connection, self.before, self.rehearsed)
        return {found[1] for found in map(COUNTED.match, statements) if found}

    def differs(self) -> list[str]:
        with pytest.raises(NotAsRehearsedError) as raised:
            self.counted()
        found: list[str] = raised.value.differences[1:]
        return found


@pytest.fixture
def applied(database_url: str) -> Iterator[Applied]:
    with connected(database_url) as connection:
        yield Applied(connection)


@servers
def test_on_a_server_rows_are_counted_in_new_tables_alone(applied: Applied) -> None:
    applied.run("INSERT INTO old VALUES (1)")  # as the running release may
    assert applied.counted() == {"new"}


@servers
def test_other_rows_in_a_new_table_are_seen_there(applied: Applied) -> None:
    applied.run("INSERT INTO new VALUES (2)")
    assert applied.differs() == ["new: rows changed by 2, in the rehearsal by 1"]


@sqlite
def test_on_sqlite_all_are_counted(applied: Applied) -> None:
    assert applied.counted() == {"old", "new"}
    applied.run("INSERT INTO old VALUES (1)")
    assert applied.differs() == ["old: rows changed by 1, in the rehearsal by 0"]
