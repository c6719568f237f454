"""Measure how long a client waits while a migration waits for somebody else's transaction.

    python -m benchmarks.availability

On each server, once with ``manage.py migrate`` and once with ``migrate-safe``: a client reads and
writes a table, one request after the other; another session reads the same table once and keeps its
transaction open; a pending migration adds a column to that table. Writes its part of
docs/benchmarks.md and, where matplotlib is installed, docs/availability.svg.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.client import connect
from benchmarks.page import PAGE, machine, put_on_page, table
from tests.e2e.conftest import EXAMPLE, THROWAWAY
from tests.e2e.shop import PROGRAM, Shop
from tests.servers.engines import Server, mariadb_server, postgresql_server

ROOT = Path(__file__).parents[1]

TRANSACTION = 20.0
"""How long the other transaction is open, in seconds."""

LOCK_SECONDS = 2.0
"""What ``lock-seconds`` is where nobody sets it."""

BEFORE = 1.0
"""How long the client works before the transaction begins, and after the migration is done."""

SERVERS: tuple[Callable[[], AbstractContextManager[Server]], ...] = (
    partial(postgresql_server, wheel=True),
    postgresql_server,
    mariadb_server,
)

SIDES = {
    "manage.py migrate": (sys.executable, "manage.py", "migrate"),
    "migrate-safe": (*PROGRAM, "migrate-safe"),
}

PART = """\
## What clients notice of a migration

How long a client of a table waits while a migration of that table waits in turn for somebody
else's transaction. Measured by `python -m benchmarks.availability`, which starts the servers and
writes this part of the page.

{machine}

{table}

A client of its own process reads and writes one row of a table, each statement in a transaction of
its own, one after the other. Another session reads the table once and keeps its transaction open
for {transaction:g} s, as a report or a forgotten shell does. {before:g} s after that transaction
began, a migration is started that adds a column to the table. It can't have the table before that
transaction ends, and everybody who comes after it waits behind it. A stall is the longest time that
one request of the client waited for its answer.

With `manage.py migrate` the client waits as long as the transaction is still open when the
migration asks for the table. With `migrate-safe` it waits for `lock-seconds`, which is
{lock:g} s here as it is by default; then the migration makes room, pauses, and tries again. "Done"
is when the program ended, counted from its start, with the rehearsal where there is one. "All
stalls" is how long the client waited in all, where it waited longer than 0.1 s.

![Answers per half second, and the longest wait of a request]({plot})

The line is the number of requests answered in each half second. Grey: the other transaction is
open.
"""


class Measured(NamedTuple):
    """One run. Moments are seconds since the transaction began."""

    requests: list[tuple[float, float]]
    """When each request began, and how long its answer took."""
    began: float
    done: float

    def stall(self) -> float:
        """Return the longest wait."""
        return max(took for _, took in self.requests)

    def stalled(self) -> float:
        """Return how long the client waited longer than 0.1 s, in all."""
        return sum(took for _, took in self.requests if took > 0.1)


def main() -> int:
    """Measure, write it down, and fail where a client waited longer than it may."""
    found: dict[tuple[str, str], Measured] = {}
    for start in SERVERS:
        with start() as server:
            engine = engine_of(server)
            for side, argv in SIDES.items():
                found[engine, side] = measure(server, argv)
                told = f"{engine}, {side}: {found[engine, side].stall():.2f} s\n"
                sys.stdout.write(told)
                sys.stdout.flush()
    put_on_page("availability.py", part(found))
    draw(found, PAGE.with_name("availability.svg"))
    safe = [measured for (_, side), measured in found.items() if side == "migrate-safe"]
    return int(any(measured.stall() > LOCK_SECONDS + 0.1 for measured in safe))


def engine_of(server: Server) -> str:
    """Return a server's name and version."""
    if server.vendor == "postgresql":
        return f"PostgreSQL {server.run('SHOW server_version').split()[0]}"
    return f"MariaDB {server.run('SELECT VERSION()').partition('-')[0].strip()}"


def engines(found: dict[tuple[str, str], Measured]) -> list[str]:
    """Return the engines that were measured, in order."""
    return list(dict.fromkeys(engine for engine, _ in found))


def measure(server: Server, argv: tuple[str, ...]) -> Measured:
    """Migrate with one of the sides, and watch the client."""
    server.run("CREATE DATABASE shop")
    with (
        tempfile.TemporaryDirectory(prefix="availability-") as folder,
        ready_shop(server, Path(folder)) as shop,
        client(server) as requests,
    ):
        time.sleep(BEFORE)
        opened = time.monotonic()
        holder = threading.Thread(target=hold_transaction, args=(server,))
        holder.start()
        time.sleep(BEFORE)
        began = time.monotonic()
        done = shop.run(*argv[1:], program=argv[:1])
        ended = time.monotonic()
        if done.code != 0:
            raise SystemExit(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
        holder.join()
        time.sleep(BEFORE)
    drop = "DROP DATABASE shop" + " WITH (FORCE)" * (server.vendor == "postgresql")
    server.run(drop)
    since_opened = [(at - opened, took) for at, took in requests]
    return Measured(since_opened, began - opened, ended - began)


@contextmanager
def ready_shop(server: Server, folder: Path) -> Iterator[Shop]:
    """Yield a shop with rows in its database and a migration that is pending."""
    shutil.copytree(EXAMPLE, folder / "shop", ignore=THROWAWAY)
    (folder / "home").mkdir()
    shop = Shop(folder / "shop", folder / "home")
    shop.variables["DATABASE_URL"] = server.url("shop")
    shop.manage("migrate")
    shop.manage("seed")
    shop.add_field("note = models.TextField(null=True)")
    shop.add_migration('migrations.AddField("product", "note", models.TextField(null=True))')
    yield shop


@contextmanager
def client(server: Server) -> Iterator[list[tuple[float, float]]]:
    """Run a client; at the end of the block the yielded list is filled with its requests."""
    words = (server.vendor, str(server.socket), "shop", "catalogue_product", "price")
    argv = [sys.executable, "-m", "benchmarks.client", *words]
    requests: list[tuple[float, float]] = []
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise SystemExit("the client did not start")
        yield requests
        requests += json.loads(process.communicate(timeout=TRANSACTION + 60)[0])


def hold_transaction(server: Server) -> None:
    """Read the table once, and keep that transaction open."""
    connection: Any = connect(server.vendor, str(server.socket), "shop")
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    cursor.execute("SELECT count(*) FROM catalogue_product")
    time.sleep(TRANSACTION)
    cursor.execute("COMMIT")
    connection.close()


def part(found: dict[tuple[str, str], Measured]) -> str:
    """Return the text of our part of the page."""
    rows = []
    for engine in engines(found):
        plain, safe = (found[engine, side] for side in SIDES)
        cells = (
            f"{plain.stall():.2f} s",
            f"**{safe.stall():.2f} s**",
            f"{LOCK_SECONDS + 0.1:g} s",
            f"{plain.done:.1f} s",
            f"{safe.done:.1f} s",
            f"{plain.stalled():.1f} s",
            f"{safe.stalled():.1f} s",
        )
        rows.append((engine, *cells))
    head = (
        "engine",
        "longest stall, `manage.py migrate`",
        "longest stall, `migrate-safe`",
        "at most",
        "done, `manage.py migrate`",
        "done, `migrate-safe`",
        "all stalls, `manage.py migrate`",
        "all stalls, `migrate-safe`",
    )
    return PART.format(
        machine=machine(),
        table=table(head, rows),
        transaction=TRANSACTION,
        before=BEFORE,
        lock=LOCK_SECONDS,
        plot="availability.svg",
    )


def draw(found: dict[tuple[str, str], Measured], path: Path) -> None:
    """Draw both timelines of each engine."""
    try:
        import matplotlib as mpl
    except ImportError:
        sys.stderr.write("matplotlib is not installed: nothing was drawn\n")
        return
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "availability"
    from matplotlib import pyplot

    figure, rows = pyplot.subplots(len(SERVERS), 2, figsize=(9, 7), sharex=True, sharey="row")
    for engine, axes in zip(engines(found), rows, strict=True):
        for side, pane in zip(SIDES, axes, strict=True):
            measured = found[engine, side]
            moments, answers = answers_per_half_second(measured)
            pane.axvspan(0, TRANSACTION, color="0.92")
            pane.step(moments, answers, where="post", linewidth=1)
            pane.set_title(f"{engine}, {side}: {measured.stall():.2f} s", fontsize=9)
            pane.set_ylim(bottom=0)
        axes[0].set_ylabel("answers in 0.5 s", fontsize=8)
    for pane in rows[-1]:
        pane.set_xlabel("seconds since the other transaction began", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def answers_per_half_second(measured: Measured) -> tuple[list[float], list[int]]:
    """Return the begin of each half second, and how many answers came in it."""
    ends = [int((at + took) // 0.5) for at, took in measured.requests]
    first, last = min(ends), max(ends)
    counts = [0] * (last - first + 1)
    for end in ends:
        counts[end - first] += 1
    return [index * 0.5 for index in range(first, last + 1)], counts


if __name__ == "__main__":
    sys.exit(main())
