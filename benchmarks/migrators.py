"""Start many migrators at once on one database, and count what came of it.

    python -m benchmarks.migrators      twenty of ``migrate-safe``, and twenty of ``migrate``

The database is empty, and the history is the example's with one more migration, which inserts a
row. Writes its part of docs/benchmarks.md.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.availability import SERVERS, engine_of
from benchmarks.page import machine, put_on_page, table
from tests.e2e.conftest import EXAMPLE, THROWAWAY
from tests.e2e.shop import PROGRAM, Run, Shop

if TYPE_CHECKING:
    from tests.servers.engines import Server

AT_ONCE = 20

SIDES = {
    "manage.py migrate": (sys.executable, "manage.py", "migrate"),
    "migrate-safe": (*PROGRAM, "migrate-safe", "--wait=600", "--format=json"),
}

MARK = """
def mark(apps, schema_editor):
    apps.get_model("catalogue", "Tag").objects.create(name=os.urandom(8).hex())
"""

LOOK = """
import json
from catalogue.models import Tag
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT app, name FROM django_migrations")
    names = [".".join(row) for row in cursor.fetchall()]
print("found " + json.dumps({"names": names, "marks": Tag.objects.count()}))
"""

PART = """\
## Migrators at once

What comes of {at_once} migrators that are started at once on one empty database, as the containers
of a deployment are. Measured by `python -m benchmarks.migrators`, which writes this part of the
page.

{machine}

{table}

The history is the example's, {migrations} migrations, the last of which inserts one row. "Twice"
counts the migrations that are recorded more than once, "rows" the rows of the last one: 1 is right.
"""


class Came(NamedTuple):
    """What came of one run of all migrators."""

    codes: list[int]
    tracebacks: int
    recorded: list[str]
    rows: int

    def twice(self) -> int:
        """Return how many migrations are recorded more than once."""
        return len({name for name in self.recorded if self.recorded.count(name) > 1})

    def is_right(self) -> bool:
        """Say whether everybody passed and everything was applied once."""
        return not any(self.codes) and not self.tracebacks and not self.twice() and self.rows == 1


def main() -> int:
    """Run both sides on each engine, write it down, and fail where migrate-safe was not right."""
    found: dict[tuple[str, str], Came] = {}
    for databases in ENGINES:
        with databases() as (engine, make):
            for side, argv in SIDES.items():
                with tempfile.TemporaryDirectory(prefix="migrators-") as folder:
                    came = start_at_once(make_shop(Path(folder), make(side)), argv)
                found[engine, side] = came
                told = f"{engine}, {side}: codes {sorted(came.codes)}, {came.tracebacks} tracebacks"
                sys.stdout.write(f"{told}, {came.twice()} twice, {came.rows} rows\n")
                sys.stdout.flush()
    put_on_page("migrators.py", part(found))
    return int(not all(came.is_right() for (_, side), came in found.items() if "safe" in side))


Make = Callable[[str], str]
"""Make an empty database for one of the sides; return its URL."""


@contextmanager
def on(start: Callable[[], AbstractContextManager[Server]]) -> Iterator[tuple[str, Make]]:
    """Yield the name of a running server, and what makes databases there."""
    with start() as server:

        def make(side: str) -> str:
            name = re.sub(r"\W", "_", side)
            server.run(f"CREATE DATABASE {name}")
            return server.url(name)

        yield engine_of(server), make


@contextmanager
def on_files() -> Iterator[tuple[str, Make]]:
    """Yield the name of what needs no server, and what names its files."""
    yield f"SQLite {sqlite3.sqlite_version}", lambda _: "sqlite:///database.sqlite3"


ENGINES: tuple[Callable[[], AbstractContextManager[tuple[str, Make]]], ...] = (
    *(partial(on, start) for start in SERVERS),
    on_files,
)


def make_shop(folder: Path, url: str) -> Shop:
    """Make a copy of the example with one more migration, on an empty database."""
    shutil.copytree(EXAMPLE, folder / "shop", ignore=THROWAWAY)
    (folder / "home").mkdir()
    shop = Shop(folder / "shop", folder / "home")
    shop.variables["DATABASE_URL"] = url
    shop.add_migration("migrations.RunPython(mark, migrations.RunPython.noop)", head=MARK)
    return shop


def start_at_once(shop: Shop, argv: tuple[str, ...]) -> Came:
    """Run all migrators, and look at the database when the last one has ended."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        runs: list[Run] = list(
            threads.map(lambda _: shop.run(*argv[1:], program=argv[:1]), range(AT_ONCE))
        )
    [line] = [
        line
        for line in shop.manage("shell", "-c", LOOK).stdout.splitlines()
        if line.startswith("found ")
    ]
    found = json.loads(line.removeprefix("found "))
    tracebacks = sum("Traceback" in run.stderr for run in runs)
    return Came([run.code for run in runs], tracebacks, found["names"], found["marks"])


def part(found: dict[tuple[str, str], Came]) -> str:
    """Return the text of our part of the page."""
    rows = [
        (
            f"{engine}, `{side}`",
            str(came.codes.count(0)),
            str(came.tracebacks),
            str(len(set(came.recorded))),
            str(came.twice()),
            str(came.rows),
        )
        for (engine, side), came in found.items()
    ]
    head = ("", "ended with 0", "with a traceback", "migrations recorded", "twice", "rows")
    most = max(len(set(came.recorded)) for came in found.values())
    return PART.format(at_once=AT_ONCE, machine=machine(), table=table(head, rows), migrations=most)


if __name__ == "__main__":
    sys.exit(main())
