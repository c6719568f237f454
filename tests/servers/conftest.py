"""Real database servers, started by the tests on sockets in temporary folders.

A server whose programs are not on the machine skips its tests, with the reason; where the
environment says ``MIGRATION_WORKFLOW_REQUIRE=servers``, as CI does, that is a failure.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import EXAMPLE, THROWAWAY
from tests.e2e.shop import Shop

SECONDS = 120

MakeShop = Callable[[str], Shop]


def missing(reason: str) -> None:
    """Skip, or fail where the server was asked for."""
    if "servers" in os.environ.get("MIGRATION_WORKFLOW_REQUIRE", ""):
        pytest.fail(reason)
    pytest.skip(reason)


def programs(*names: str) -> list[str]:
    """Return the paths of programs, looking where Debian hides PostgreSQL's too."""
    places = [os.environ["PATH"], "/usr/sbin"]
    if postgres := shutil.which("postgres"):
        places.append(str(Path(postgres).resolve().parent))
    places += map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
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


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The URL of a database on a PostgreSQL server. It refuses to run as root."""
    initdb, pg_ctl, createdb = programs("initdb", "pg_ctl", "createdb")
    if not (initdb and pg_ctl and createdb):
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
        try:
            run([createdb, "-h", str(folder), "-U", "postgres", "shop"])
            yield f"postgresql://postgres@/shop?host={folder}"
        finally:
            run([*control, "-m", "immediate", "stop"])


@pytest.fixture
def mariadb() -> Iterator[str]:
    """The URL of a database on a MariaDB server."""
    install, server, client, admin = programs(
        "mariadb-install-db", "mariadbd", "mariadb", "mariadb-admin"
    )
    if not (install and server and client and admin):
        missing("MariaDB's server programs are not on this machine")
    if importlib.util.find_spec("MySQLdb") is None:
        missing("mysqlclient is not installed")
    me = pwd.getpwuid(os.geteuid()).pw_name
    with socket_folder() as folder:
        data, socket = folder / "data", folder / "socket"
        run(
            [
                install,
                "--no-defaults",
                f"--datadir={data}",
                f"--user={me}",
                "--skip-test-db",
                "--auth-root-authentication-method=normal",
            ]
        )
        log = (folder / "log").open("wb")
        process = subprocess.Popen(
            [
                server,
                "--no-defaults",
                f"--datadir={data}",
                f"--user={me}",
                f"--socket={socket}",
                "--skip-networking",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            connect = ["--no-defaults", f"--socket={socket}", "--user=root"]
            # The client waits for the server by itself, as long as it is told to.
            run([admin, *connect, "--wait=60", "--connect-timeout=60", "ping"])
            create = "CREATE DATABASE shop CHARACTER SET utf8mb4"
            run([client, *connect, "-e", create])
            yield f"mysql://root@/shop?host={socket}"
        finally:
            process.terminate()
            process.wait(SECONDS)
            log.close()


@pytest.fixture
def on(tmp_path: Path) -> MakeShop:
    """Make copies of the example that use the database of a URL."""

    def make(url: str) -> Shop:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        shutil.copytree(EXAMPLE, folder / "shop", ignore=THROWAWAY)
        (folder / "home").mkdir()
        shop = Shop(folder / "shop", folder / "home")
        shop.variables["DATABASE_URL"] = url
        return shop

    return make


@pytest.fixture(params=["postgresql", "mariadb"])
def shop(request: pytest.FixtureRequest, on: MakeShop) -> Shop:
    """A copy of the example on each real server."""
    return on(request.getfixturevalue(request.param))
