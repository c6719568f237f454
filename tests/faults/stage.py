"""Where faults are played: one engine, a database that can be had anew, and what it may hold."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.conftest import EXAMPLE, THROWAWAY
from tests.e2e.shop import Shop
from tests.e2e.two_migrations import MIGRATIONS, add_two
from tests.faults.mortal import Mortal, mortal

if TYPE_CHECKING:
    from tests.servers.engines import Server

HELD = """
def work(apps, schema_editor):
    name = str(schema_editor.connection.settings_dict["NAME"])
    hold("rehearsing" if "scratch" in name else "applying")

def back(apps, schema_editor):
    hold("taking back")

def hold(doing):
    held = f"{doing} MIGRATION"
    if open("hold").read() == held:
        open("../meeting", "w").close()
        while open("hold").read() == held:
            pass
"""
"""What keeps a migration in its middle until the file ``hold`` says otherwise."""

MOVING = re.compile(r"^(--.*|SELECT pg_catalog\.setval.*|\\(un)?restrict.*|/\*M?!.*|SET .*|)$")
"""Lines of a dump that say something of the dump, or of numbers that no rollback takes back."""

RECORDED = "SELECT app, name FROM django_migrations ORDER BY app, name"

SESSIONS = {
    "postgresql": "SELECT application_name, datname FROM pg_stat_activity "
    "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    "mariadb": "SELECT user, db, command, info FROM information_schema.processlist "
    "WHERE id <> connection_id() AND user NOT IN ('system user', 'event_scheduler')",
}
"""Everybody who is connected. Locks and open transactions are theirs, and end with them."""

LEAVE_SECONDS = 10
"""How long a server may take to see that a client has gone."""


class Stage:
    """One engine. ``states`` are what the database holds after none, one and all of the plan."""

    def __init__(self, folder: Path, server: Mortal | None) -> None:
        self.folder = folder
        self.server = server
        self.states: list[list[str]] = []
        self._played = 0
        self._before: set[str] = set()
        (folder / "home").mkdir(parents=True)
        shop = self._copy("base", EXAMPLE)
        if server is not None:
            server.server.run("CREATE DATABASE shop")
        shop.manage("migrate")
        shop.manage("seed")
        self._keep(shop)
        self.states.append(self.held(shop))
        shutil.copytree(shop.folder, folder / "kept", ignore=shutil.ignore_patterns("*.sqlite3"))
        add_two(shop, HELD, stepwise=False)
        shop.write("hold", "")
        for app, *_ in MIGRATIONS:
            shop.manage("migrate", app)
            self.states.append(self.held(shop))
        self._others = self.databases()

    def fresh(self, *, stepwise: bool, at: str) -> Shop:
        """Return a new shop with the plan pending, which holds in its middle at a point."""
        self._played += 1
        shop = self._copy(f"trial-{self._played}/shop", self.folder / "kept")
        self._put_back(shop)
        add_two(shop, HELD, stepwise=stepwise)
        shop.write("hold", at)
        os.mkfifo(shop.meeting)
        self._before = self._files(shop)
        return shop

    def held(self, shop: Shop) -> list[str]:
        """Return all that the shop's database holds, as text."""
        if self.server is None:
            return shop.dump()
        server = self.server.server
        if server.vendor == "postgresql":
            program = [server.client[0].replace("psql", "pg_dump"), "-h", str(server.socket)]
            words = ["-U", "postgres", "--inserts", "--exclude-table-data=django_migrations"]
        else:
            program = ["mariadb-dump", "--no-defaults", f"--socket={server.socket}", "--user=root"]
            words = [
                "--skip-comments",
                "--skip-extended-insert",
                "--ignore-table-data=shop.django_migrations",
            ]
        done = subprocess.run(
            [*program, *words, "shop"], capture_output=True, text=True, check=True
        )
        text = re.sub(r" AUTO_INCREMENT=\d+", "", done.stdout)
        recorded = self.ask(RECORDED)
        return [*recorded, *(line for line in text.splitlines() if not MOVING.match(line))]

    def databases(self) -> set[str]:
        """Return the server's databases."""
        return set() if self.server is None else self.server.server.databases()

    def leftovers(self, shop: Shop) -> list[str]:
        """Return what runs have left: databases and sessions, and files of any kind."""
        found = sorted(self.databases() - self._others)
        found += [f"session {line}" for line in self._sessions()]
        return found + sorted(self._files(shop) - self._before)

    def _sessions(self) -> list[str]:
        """Return who stays connected to the server."""
        if self.server is None:
            return []
        until = time.monotonic() + LEAVE_SECONDS
        while (found := self.ask(SESSIONS[self.server.server.vendor])) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def _files(self, shop: Shop) -> set[str]:
        """Return what lies in the project, and where programs put throwaway files."""
        home = {f"~/{path.relative_to(shop.home)}" for path in shop.home.rglob("*")}
        return {*shop.tree(), *home}

    def _copy(self, name: str, source: Path) -> Shop:
        ignore = THROWAWAY if source == EXAMPLE else None  # of a kept one, compiled files are good
        shutil.copytree(source, self.folder / name, ignore=ignore)
        shop = Shop(self.folder / name, self.folder / "home")
        if self.server is not None:
            shop.variables["DATABASE_URL"] = self.server.server.url("shop")
        return shop

    def _keep(self, shop: Shop) -> None:
        """Keep the database as every trial finds it."""
        if self.server is None:
            shutil.copy(shop.database, self.folder / "kept.sqlite3")
        elif self.server.server.vendor == "postgresql":
            self.server.server.run("CREATE DATABASE kept TEMPLATE shop")
        else:
            with (self.folder / "kept.sql").open("wb") as file:
                socket = f"--socket={self.server.server.socket}"
                argv = ["mariadb-dump", "--no-defaults", socket, "--user=root", "shop"]
                subprocess.run(argv, stdout=file, check=True)

    def _put_back(self, shop: Shop) -> None:
        if self.server is None:
            shutil.copy(self.folder / "kept.sqlite3", shop.database)
        elif self.server.server.vendor == "postgresql":
            self.server.server.run("DROP DATABASE shop WITH (FORCE)")
            self.server.server.run("CREATE DATABASE shop TEMPLATE kept")
        else:
            self.server.server.run("DROP DATABASE shop; CREATE DATABASE shop")
            with (self.folder / "kept.sql").open("rb") as file:
                argv = [*self.server.server.client[:-1], "shop"]
                subprocess.run(argv, stdin=file, check=True)

    def ask(self, sql: str) -> list[str]:
        """Run a statement on the shop's database; return the lines that it printed."""
        assert self.server is not None
        client = list(self.server.server.client)
        where = ["-d", "shop"] if self.server.server.vendor == "postgresql" else ["-D", "shop"]
        argv = [client[0], *where, *client[1:], sql]
        if self.server.server.vendor == "mariadb":
            argv = [*client[:-1], *where, client[-1], sql]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()


@contextmanager
def stage(folder: Path, server: Server | None) -> Iterator[Stage]:
    """Yield a stage on a server, or on SQLite where there is none."""
    if server is None:
        yield Stage(folder, None)
        return
    with mortal(server) as one:
        yield Stage(folder, one)
