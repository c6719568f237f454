"""What lies between Django and PostgreSQL: another driver, and a pooler."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.engines import Server, missing, programs, socket_folder

if TYPE_CHECKING:
    from tests.servers.conftest import MakeShop
    from tests.servers.fixtures import ServerOf

FIRST = ("--to", "accounts.0001_initial")
"""Some of the migrations prove as much here as all of them."""

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

SHARED = "a pooler that gives each transaction another session, as PgBouncer does"

PORT = 6432

SETTINGS = """
[databases]
* = host={server} user=postgres
[pgbouncer]
unix_socket_dir = {folder}
listen_port = {port}
auth_type = any
pool_mode = {mode}
ignore_startup_parameters = extra_float_digits
"""


@POSTGRESQL
def test_with_psycopg2(database_url: str, on: MakeShop) -> None:
    """Django takes it where psycopg can't be imported."""
    if importlib.util.find_spec("psycopg2") is None:
        missing("psycopg2 is not installed")
    shop = on(database_url)
    shop.write("psycopg.py", 'raise ImportError("psycopg2 is used here")\n')
    driver = "from django.db import connection; print(connection.Database.__name__)"
    assert shop.manage("shell", "-v0", "-c", driver).stdout.split()[-1] == "psycopg2"

    done = shop.json("migrate-safe", *FIRST)
    assert done.code == 0, done.stderr[-3000:]
    gates = {gate["name"]: gate for gate in done.document["gates"]}
    assert gates["rehearsal"]["verdict"] == gates["verify"]["verdict"] == "passed"
    (row,) = [one for one in gates["rehearsal"]["evidence"] if one["app"] == "accounts"]
    assert row["statements"] > 0


@pytest.fixture(scope="module")
def pooled(server_of: ServerOf) -> Iterator[Callable[[str], Path]]:
    """Return the folder of the socket of a PgBouncer with a pool mode, started when it is asked."""
    with ExitStack() as stack:
        running: dict[str, Path] = {}

        def pooled(mode: str) -> Path:
            if mode not in running:
                running[mode] = stack.enter_context(pgbouncer(server_of("postgresql"), mode))
            return running[mode]

        yield pooled


@contextmanager
def pgbouncer(server: Server, mode: str) -> Iterator[Path]:
    """Run a PgBouncer before a server. It refuses to run as root."""
    (program,) = programs("pgbouncer")
    if not program:
        missing("PgBouncer is not on this machine")
    as_root = os.geteuid() == 0
    before = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] * as_root
    with socket_folder("postgres" if as_root else None) as folder:
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            SETTINGS.format(server=server.socket, folder=folder, port=PORT, mode=mode)
        )
        with (folder / "log").open("wb") as log:
            argv = [*before, program, "--quiet", str(settings)]
            running = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(folder / f".s.PGSQL.{PORT}", running)
            yield folder
        finally:
            running.terminate()
            running.wait()


def wait_for(path: Path, running: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + 60
    while time.monotonic() < until and running.poll() is None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as one:
            one.connect(str(path))
            return
        time.sleep(0.02)
    pytest.fail((path.parent / "log").read_text())


def through(folder: Path, url: str) -> str:
    """Return the URL of a database behind a pooler."""
    name = url.partition("?")[0].rpartition("/")[2]
    return f"postgresql://postgres@:{PORT}/{name}?host={folder}"


@POSTGRESQL
def test_a_pooler_of_transactions_is_refused_by_whatever_needs_a_session(
    database_url: str, pooled: Callable[[str], Path], server_of: ServerOf, on: MakeShop
) -> None:
    shop = on(through(pooled("transaction"), database_url))
    done = shop.json("migrate-safe", *FIRST)
    assert done.code == 3, done
    assert done.verdicts()["turn"] == "errored"
    assert SHARED in done.said
    assert "SharedSessionError" not in done.said
    assert shop.manage("showmigrations", "--plan").stdout.count("[X]") == 0
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert server_of("postgresql").run(held).strip() == "0"

    rehearsed = shop.json("rehearse", *FIRST)
    assert rehearsed.code == 3, rehearsed
    assert SHARED in rehearsed.said
    assert "SharedSessionError" not in rehearsed.said


@POSTGRESQL
def test_what_needs_no_copy_is_done_elsewhere(
    database_url: str, pooled: Callable[[str], Path], on: MakeShop
) -> None:
    shop = on(through(pooled("transaction"), database_url))
    done = shop.json("rehearse", "--from", "zero", *FIRST)
    assert done.code == 0, done
    (gate,) = [one for one in done.document["gates"] if one["name"] == "rehearsal"]
    assert gate["scratch"]["where"] == "the PostgreSQL of this machine"


@POSTGRESQL
def test_a_pooler_of_sessions_does_no_harm(
    database_url: str, pooled: Callable[[str], Path], on: MakeShop
) -> None:
    shop = on(through(pooled("session"), database_url))
    done = shop.json("migrate-safe", *FIRST)
    assert done.code == 0, done.stderr[-3000:]
    (gate,) = [one for one in done.document["gates"] if one["name"] == "rehearsal"]
    assert gate["scratch"]["where"] == "the project's own server"
