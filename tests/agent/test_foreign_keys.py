"""What a change of a table reaches through foreign keys is what MariaDB really waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from _migration_workflow_agent.foreign_keys_mysql import OF_CHILD, OF_PARENT, REFERRED, ForeignKeys
from django.db import OperationalError

from tests.agent.engines import connected
from tests.servers.fixtures import ServerOf, database_url, server_of

__all__ = ["database_url", "server_of"]

pytestmark = pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)

TABLES = """
    CREATE TABLE country (id int PRIMARY KEY, name varchar(9));
    CREATE TABLE maker (id int PRIMARY KEY, name varchar(9), country int,
        CONSTRAINT of_country FOREIGN KEY (country) REFERENCES country (id) {rule});
    CREATE TABLE part (id int PRIMARY KEY, name varchar(9), maker int,
        CONSTRAINT of_maker FOREIGN KEY (maker) REFERENCES maker (id));
    CREATE TABLE lone (id int PRIMARY KEY, name varchar(9), maker int);
    INSERT INTO country VALUES (1, 'a');
    INSERT INTO maker VALUES (1, 'a', 1);
    INSERT INTO part VALUES (1, 'a', 1);
    INSERT INTO lone VALUES (1, 'a', 1)
"""

CHILD, PARENT = {"maker": OF_CHILD}, {"country": OF_CHILD, "part": OF_PARENT}
PARENT_ALONE = {"country": OF_CHILD}
KEY = "FOREIGN KEY (maker) REFERENCES maker (id)"

REACHED = {
    "ALTER TABLE part ADD COLUMN city int, ALGORITHM=INSTANT": CHILD,
    "CREATE INDEX by_name ON part (name) ALGORITHM=NOCOPY LOCK=NONE": CHILD,
    "ALTER TABLE part FORCE, ALGORITHM=INPLACE, LOCK=NONE": CHILD,
    "ALTER TABLE part MODIFY name varchar(4), ALGORITHM=COPY": CHILD,
    "ALTER TABLE part ALTER COLUMN name SET DEFAULT 'b'": CHILD,
    "ALTER TABLE part DROP FOREIGN KEY of_maker": CHILD,
    "RENAME TABLE part TO piece": CHILD,
    "TRUNCATE TABLE part": CHILD,
    "DROP TABLE part": CHILD,
    "ALTER TABLE maker ADD COLUMN city int, ALGORITHM=INSTANT": PARENT,
    "CREATE INDEX by_name ON maker (name) ALGORITHM=NOCOPY LOCK=NONE": PARENT,
    "ALTER TABLE maker FORCE, ALGORITHM=INPLACE, LOCK=NONE": PARENT,
    "ALTER TABLE maker MODIFY name varchar(4), ALGORITHM=COPY": PARENT,
    "ALTER TABLE maker DROP FOREIGN KEY of_country": PARENT,
    "RENAME TABLE maker TO producer": PARENT,
    "ALTER TABLE maker MODIFY name varchar(9) NOT NULL": PARENT,
    "ALTER TABLE maker MODIFY name varchar(300)": PARENT,
    "ALTER TABLE maker MODIFY name varchar(9) CHARACTER SET utf16": PARENT,
    "ALTER TABLE maker MODIFY name varchar(9) FIRST": PARENT,
    "ALTER TABLE maker MODIFY name varchar(9) UNIQUE": PARENT,
    "ALTER TABLE maker MODIFY name varchar(9) DEFAULT 'b', ADD COLUMN city int": PARENT,
    "ALTER TABLE maker MODIFY name varchar(9) DEFAULT 'b', ALGORITHM=COPY": PARENT,
    "ALTER TABLE maker CHANGE name title varchar(9)": PARENT,
    "ALTER TABLE maker RENAME COLUMN name TO title": PARENT,
    "ALTER TABLE maker COMMENT 'those who make'": PARENT,
    "ALTER TABLE maker ALTER COLUMN name DROP DEFAULT": PARENT_ALONE,
    "ALTER TABLE maker ALTER name SET DEFAULT 'a, b', ALTER id SET DEFAULT 1": PARENT_ALONE,
    "ALTER TABLE maker MODIFY name varchar(9) DEFAULT (concat('a', 'b'))": PARENT_ALONE,
    "ALTER TABLE maker MODIFY `name` varchar(9) COMMENT 'it''s, (a \\' name'": PARENT_ALONE,
    "ALTER TABLE maker MODIFY name varchar(9), ALGORITHM=INSTANT, LOCK=NONE": PARENT_ALONE,
    "ALTER TABLE maker MODIFY name varchar(9) CHECK (name <> 'b')": PARENT_ALONE,
    "ALTER TABLE maker CHANGE name name varchar(9) DEFAULT 'b'": PARENT_ALONE,
    "ALTER TABLE part ADD COLUMN second int REFERENCES maker (id)": {"maker": REFERRED},
    f"ALTER TABLE lone ADD CONSTRAINT of_maker_too {KEY}": {"maker": REFERRED},
    f"CREATE TABLE fresh (id int PRIMARY KEY, maker int, {KEY})": {},
    "ALTER TABLE lone ADD COLUMN city int": {},
}
"""What a statement takes on tables of which it changes nothing."""


@contextmanager
def two_sessions(url: str, rule: str = "") -> Iterator[tuple[Any, Any]]:
    """Yield Django's connection to a database with the tables, and one for whoever is in the way.

    The first waits a second for a lock, and no longer.
    """
    with connected(url) as connection:
        for statement in TABLES.format(rule=rule).split(";"):
            ask(connection, statement)
        ask(connection, "SET lock_wait_timeout = 1, innodb_lock_wait_timeout = 1")
        other = connection.copy()
        other.set_autocommit(False)
        try:
            yield connection, other
        finally:
            other.close()


def ask(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def waits(connection: Any, statement: str) -> bool:
    """Run a statement, and say whether it gave up waiting for a lock."""
    try:
        ask(connection, statement)
    except OperationalError as error:
        if error.args[0] != 1205:
            raise
        return True
    return False


def changed_by(statement: str) -> str:
    tables = ("part", "maker", "lone", "fresh")
    return next(word for word in statement.split() if word in tables)


@pytest.mark.parametrize("statement", REACHED)
def test_a_statement_waits_for_those_who_wrote_to_what_it_reaches(
    database_url: str, statement: str
) -> None:
    with two_sessions(database_url) as (connection, other):
        changed, modes = changed_by(statement), REACHED[statement]
        reached = dict  # a table that is made is not asked for
        if changed != "fresh":
            reached = ForeignKeys(connection).reach(changed, statement)
        for table in modes:
            ask(other, f"UPDATE {table} SET name = 'b'")
            assert waits(connection, statement), table
            other.rollback()
        for table in {"country", "maker", "part", "lone"} - {changed, *modes}:
            ask(other, f"UPDATE {table} SET name = 'b'")
        for table in modes:
            ask(other, f"SELECT * FROM {table}")
        assert not waits(connection, statement)
        assert reached() == modes


@pytest.mark.parametrize(
    ("rule", "write", "found"),
    [
        ("ON DELETE CASCADE", "DELETE FROM country WHERE id = 2", True),
        ("ON DELETE SET NULL", "DELETE FROM country WHERE id = 2", True),
        ("ON UPDATE CASCADE", "UPDATE country SET name = 'b'", True),
        ("ON DELETE RESTRICT", "DELETE FROM country WHERE id = 2", False),
    ],
)
def test_a_rule_that_changes_the_child_reaches_further(
    database_url: str, rule: str, write: str, *, found: bool
) -> None:
    with two_sessions(database_url, rule) as (connection, other):
        change = "ALTER TABLE part ADD COLUMN city int"
        assert ("country" in ForeignKeys(connection).reach("part", change)()) is found
        ask(other, write)
        assert waits(connection, change) is found


def test_keys_are_read_again_after_a_statement_that_changes_them(database_url: str) -> None:
    with two_sessions(database_url) as (connection, _):
        keys = ForeignKeys(connection)
        harmless, drop = "ALTER TABLE part ADD x int", "ALTER TABLE part DROP FOREIGN KEY of_maker"
        assert keys.reach("part", harmless)() == CHILD
        ask(connection, drop)
        keys.saw(harmless)
        assert keys.reach("part", harmless)() == CHILD
        keys.saw(drop)
        assert keys.reach("part", harmless)() == {}


class HeldUp(NamedTuple):
    """A statement that waits in another thread, seen from a third session."""

    connection: Any
    session: int
    thread: threading.Thread

    def until(self, query: str, said: str) -> None:
        """Ask until something is in the answer. The statement gives up waiting some time."""
        while said not in str(ask(self.connection, query)):
            assert self.thread.is_alive(), f"it never said {said}"


@contextmanager
def held_up(url: str, held: str, statement: str) -> Iterator[HeldUp]:
    """Yield a statement that waits for what another session has done."""
    with two_sessions(url) as (connection, other):
        ask(connection, "SET lock_wait_timeout = 60, innodb_lock_wait_timeout = 60")
        ((session,),) = ask(connection, "SELECT CONNECTION_ID()")
        ask(other, held)
        connection.inc_thread_sharing()
        thread = threading.Thread(target=ask, args=(connection, statement))
        third = connection.copy()
        thread.start()
        try:
            yield HeldUp(third, session, thread)
        finally:
            third.close()
            other.rollback()
            thread.join()


LOCKS = """
    SELECT table_name, lock_mode FROM information_schema.metadata_lock_info
    WHERE thread_id = {} AND table_schema = DATABASE() AND table_name <> ''
"""
STATE = "SELECT state FROM information_schema.processlist WHERE id = {}"


@pytest.mark.parametrize(
    ("statement", "locks"),
    [
        ("ALTER TABLE part ADD COLUMN city int", {"part": "MDL_SHARED_UPGRADABLE"}),
        ("ALTER TABLE part MODIFY name varchar(4)", {"part": REFERRED}),
        (f"ALTER TABLE part ADD CONSTRAINT twice {KEY}", {"part": REFERRED, "maker": REFERRED}),
    ],
)
def test_the_servers_plugin_shows_what_is_kept_while_the_table_is_changed(
    database_url: str, server_of: ServerOf, statement: str, locks: dict[str, str]
) -> None:
    """A reader of the table keeps the statement from its end."""
    server_of("mariadb").run("INSTALL SONAME 'metadata_lock_info'")
    try:
        with held_up(database_url, "SELECT * FROM part", statement) as waiting:
            waiting.until(STATE.format(waiting.session), "Waiting for table metadata lock")
            assert dict(ask(waiting.connection, LOCKS.format(waiting.session))) == locks
    finally:
        server_of("mariadb").run("UNINSTALL SONAME 'metadata_lock_info'")


@pytest.mark.parametrize(
    ("write", "locks"),
    [
        ("UPDATE maker SET name = 'b'", {"maker": "MDL_SHARED_WRITE", "part": "MDL_SHARED_READ"}),
        ("INSERT INTO part VALUES (2, 'b', 1)", {"part": "MDL_SHARED_WRITE"}),
        ("DELETE FROM part", {"part": "MDL_SHARED_WRITE"}),
        ("SELECT * FROM maker", {"maker": "MDL_SHARED_READ"}),
    ],
)
def test_the_servers_plugin_shows_what_a_writer_keeps(
    database_url: str, server_of: ServerOf, write: str, locks: dict[str, str]
) -> None:
    server_of("mariadb").run("INSTALL SONAME 'metadata_lock_info'")
    try:
        with two_sessions(database_url) as (connection, other):
            ask(other, write)
            ((session,),) = ask(other, "SELECT CONNECTION_ID()")
            assert dict(ask(connection, LOCKS.format(session))) == locks
    finally:
        server_of("mariadb").run("UNINSTALL SONAME 'metadata_lock_info'")


def test_the_engine_waits_for_the_whole_child(database_url: str) -> None:
    change, held = "ALTER TABLE maker ADD COLUMN city int", "UPDATE part SET name = 'b'"
    with held_up(database_url, held, change) as waiting:
        waiting.until("SHOW ENGINE INNODB STATUS", "lock mode X waiting")
        ((_, _, told),) = ask(waiting.connection, "SHOW ENGINE INNODB STATUS")
    (line,) = (line for line in told.splitlines() if "lock mode X waiting" in line)
    assert line.startswith("TABLE LOCK table ")
    assert "`.`part`" in line
