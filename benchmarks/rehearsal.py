"""Measure what a rehearsal with all evidence costs beside ``migrate`` of the same migrations.

    python -m benchmarks.rehearsal                  every engine, about half an hour
    python -m benchmarks.rehearsal --rounds 1 --engine sqlite

On each engine, hyperfine times both sides in turns, on a site with more than 200 migrations, whose
database is empty, or serves a release that has the migrations of users and nothing else. Writes its
part of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.availability import engine_of
from benchmarks.histories import put_under_git
from benchmarks.page import machine, put_on_page, table
from benchmarks.variables import variables
from tests.e2e.shop import PROGRAM
from tests.evidence.observing import database_on
from tests.projects.sites import make_wagtail_site
from tests.servers.engines import ENGINES
from tests.servers.fixtures import START

if TYPE_CHECKING:
    from tests.servers.engines import Server

SECONDS = 1800
"""How long one call of hyperfine may take."""

MOST = 1.5
"""The ratio that may not be exceeded."""

PACKAGES = ("django-celery-beat==2.9.0", "psycopg[binary]==3.3.9", "mysqlclient==2.3.2")
"""What the environment of the site has beside Wagtail."""

SETTINGS = """
import json
import os

INSTALLED_APPS += [
    "django.contrib.flatpages",
    "django.contrib.redirects",
    "django.contrib.sites",
    "django_celery_beat",
    "rest_framework.authtoken",
    "wagtail.contrib.search_promotions",
    "wagtail.contrib.simple_translation",
]
SITE_ID = 1
DATABASES = {"default": json.loads(os.environ["BENCHMARK_DATABASE"])}
"""

RELEASE = ("auth", "0012")
"""The last migration of the release that runs, where one does."""

BEGINS = {"unused": "an empty database", "served": "a release runs"}
"""The databases that are copied, and what is on them."""

SQLITE = "django.db.backends.sqlite3"

PART = """\
## What a rehearsal costs

How long `rehearse` takes with all evidence, and `migrate` with the same migrations on the same
engine. Measured by `python -m benchmarks.rehearsal`, which starts the servers, makes a Wagtail site
with more apps, lets [hyperfine](https://github.com/sharkdp/hyperfine) time both sides in turns
({rounds} of each), and writes this part of the page.

{machine}

{table}

Times are medians of whole processes, and the ratio is theirs; it may be {most} at most. CPU time is
that of the programs, without the server's.

On an empty database every migration is watched: locks, rewrites, scans, rows, times. Nothing runs
there that could break, and there is nothing to go back to. Where a release runs, which has the
migrations of `auth` and `contenttypes`, its models are tried as well after each migration that
changes their tables, and then the plan is taken back and compared, as far as that goes: here a
migration of Wagtail's images ends it, whose reverse fails.
"""


class Case(NamedTuple):
    """A database that both sides begin with."""

    engine: str
    begins: str
    """What is on the database, in the words of the table."""
    migrations: int
    prepare: str
    """The command that makes the database anew."""
    database: dict[str, Any]


class Timed(NamedTuple):
    """All the times of both sides, in seconds; processor time is the mean of each round."""

    plain: list[float]
    rehearsed: list[float]
    plain_processor: list[float]
    rehearsed_processor: list[float]

    def ratio(self) -> float:
        """How many times as long a rehearsal takes, by the medians."""
        return statistics.median(self.rehearsed) / statistics.median(self.plain)

    def ratio_of_processor_time(self) -> float:
        """The same by the work that both programs do."""
        return statistics.median(self.rehearsed_processor) / statistics.median(self.plain_processor)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write it down, and fail where a ratio is over its limit."""
    parser = argparse.ArgumentParser(description="Measure what a rehearsal costs.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="measure only this")
    words = parser.parse_args(argv)
    found: list[tuple[Case, Timed]] = []
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        site = Path(name, "site")
        make_site(site)
        for engine in words.engine or ENGINES:
            with on_files(site) if engine == "sqlite" else on(START[engine], site) as cases:
                for case in cases:
                    times = measure(site, case, words.rounds)
                    found.append((case, times))
                    ratios = (times.ratio(), times.ratio_of_processor_time())
                    told = "{:.2f}, of CPU time {:.2f}".format(*ratios)
                    sys.stdout.write(f"{case.engine}, {case.begins}: {told}\n")
                    sys.stdout.flush()
    put_on_page("rehearsal.py", part(found, words.rounds))
    return int(any(times.ratio() > MOST for _, times in found))


def make_site(folder: Path) -> None:
    """Make a site of Wagtail with more apps, whose database the environment names, under git."""
    make_wagtail_site(folder, *PACKAGES)
    with (folder / "mysite/settings/base.py").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    put_under_git(folder)


@contextmanager
def on(start: Callable[[], AbstractContextManager[Server]], site: Path) -> Iterator[list[Case]]:
    """Yield the cases on a server, which runs until the block ends."""
    with start() as server:
        engine, database = engine_of(server), database_on(server)
        for name in ("unused", "served"):
            server.run(f"CREATE DATABASE {name}")
        migrate(site, {**database, "NAME": "served"}, *RELEASE)
        cases = []
        for name, begins in BEGINS.items():
            one = {**database, "NAME": "benchmark"}
            count = pending(site, {**database, "NAME": name})
            cases.append(Case(engine, begins, count, _copy_on(server, name), one))
        yield cases


def _copy_on(server: Server, name: str) -> str:
    """Return the shell command that makes the database ``benchmark`` as another one is."""
    run = shlex.join(server.client)
    drop = f"{run} 'DROP DATABASE IF EXISTS benchmark'"
    if server.vendor == "postgresql":
        return f"{drop} && {run} 'CREATE DATABASE benchmark TEMPLATE {name}'"
    where = f"--no-defaults --socket={server.socket} --user=root"
    load = f"mariadb-dump {where} {name} | mariadb {where} benchmark"
    return f"{drop} && {run} 'CREATE DATABASE benchmark' && {load}"


@contextmanager
def on_files(site: Path) -> Iterator[list[Case]]:
    """Yield the cases on SQLite."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        folder = Path(name)
        engine = f"SQLite {sqlite3.sqlite_version}"
        files = {name: folder / name for name in (*BEGINS, "benchmark")}
        files["unused"].touch()
        database = {name: {"ENGINE": SQLITE, "NAME": str(path)} for name, path in files.items()}
        migrate(site, database["served"], *RELEASE)
        yield [
            Case(
                engine,
                begins,
                pending(site, database[name]),
                shlex.join(["cp", str(files[name]), str(files["benchmark"])]),
                database["benchmark"],
            )
            for name, begins in BEGINS.items()
        ]


def manage(site: Path, database: dict[str, Any], *words: str) -> str:
    """Run the site's own ``manage.py`` on a database; return what it printed."""
    argv = [".venv/bin/python", "manage.py", *words]
    done = subprocess.run(
        argv, cwd=site, env=environment(database), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def migrate(site: Path, database: dict[str, Any], *words: str) -> None:
    """Apply an app's migrations up to one of them."""
    manage(site, database, "migrate", "--verbosity=0", *words)


def pending(site: Path, database: dict[str, Any]) -> int:
    """Return how many migrations are to come."""
    return manage(site, database, "showmigrations", "--plan").count("[ ]")


def environment(database: dict[str, Any]) -> dict[str, str]:
    """Return the variables of both sides, with the database."""
    return variables(BENCHMARK_DATABASE=json.dumps(database))


SIDES = (
    (".venv/bin/python", "manage.py", "migrate", "--verbosity=0"),
    (*PROGRAM, "rehearse"),
)


def measure(site: Path, case: Case, rounds: int) -> Timed:
    """Let hyperfine time both sides, in turns."""
    timed = Timed([], [], [], [])
    for _ in range(rounds):
        plain, rehearsed = _hyperfine(site, case)
        timed.plain.extend(plain["times"])
        timed.rehearsed.extend(rehearsed["times"])
        timed.plain_processor.append(plain["user"] + plain["system"])
        timed.rehearsed_processor.append(rehearsed["user"] + rehearsed["system"])
    return timed


def _hyperfine(site: Path, case: Case) -> list[dict[str, Any]]:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        argv = ["hyperfine", "--shell=none", "--runs=1", "--style=none"]
        argv += ["--prepare=" + shlex.join(["sh", "-c", case.prepare])]
        argv += [f"--export-json={file.name}", *map(shlex.join, SIDES)]
        subprocess.run(argv, cwd=site, env=environment(case.database), check=True, timeout=SECONDS)
        results: list[dict[str, Any]] = json.load(file)["results"]
    return results


def part(found: Sequence[tuple[Case, Timed]], rounds: int) -> str:
    """Return the text of our part of the page."""
    rows = [
        (
            f"{case.engine}, {case.begins}",
            str(case.migrations),
            f"{statistics.median(times.plain):.1f} s",
            f"{statistics.median(times.rehearsed):.1f} s",
            f"**{times.ratio():.2f}**",
            f"{times.ratio_of_processor_time():.2f}",
        )
        for case, times in found
    ]
    head = ("", "migrations", "`manage.py migrate`", "`rehearse`", "ratio", "of CPU time")
    return PART.format(rounds=rounds, machine=machine(), table=table(head, rows), most=MOST)


if __name__ == "__main__":
    sys.exit(main())
