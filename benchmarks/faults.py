"""Kill the migrator and the server at every step on each engine, and count what came of it.

    python -m benchmarks.faults FILE [ENGINE …]

Each fault is a line of FILE, as JSON; those that are there already are not played again, so that a
run which was cut goes on. First come such that strike each kind of step once at the migrator and
once at the server. Engines and kinds of plan are played side by side. Writes its part of
docs/benchmarks.md, also where Ctrl-C ends it.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import product
from pathlib import Path

from benchmarks.page import machine, put_on_page, table
from tests.faults.stage import Stage, stage
from tests.faults.trial import POINTS, STRIKES, Fault, play
from tests.servers.fixtures import START

ENGINES = {"postgresql-wheel": "PostgreSQL 18", "mariadb": "MariaDB 10.11", "sqlite": "SQLite"}

PART = """\
## Whatever is killed when

What comes of `migrate-safe` when `kill -9` strikes: the program, the agent that it runs in the
project's Python, both at once, or the database server with all its processes. Two migrations are
pending, each of which adds a column and runs code; "atomic" or with `atomic = False`. Measured by
`nox -s faults`, which starts the servers, plays every fault that it has not played yet, and writes
this part of the page.

{machine}

{table}

**{played} faults of {possible}** were played, at {points} points: the begin and the end of each
step, and the middle of each migration while it is rehearsed, taken back on the copy, and applied.
Among them are {struck} of the {combinations} combinations of an engine, a kind of plan, a kind of
step, and who is struck, the migrator or the server. Each is judged by what the database then holds,
compared line by line with dumps from before, between and after the two migrations, and by what the
next `migrate-safe` does.

"Cut in two": the database holds a part of a migration. The next run refuses and names which part,
or has the snapshot from before; what it says was done, and the run after it reached the end of the
plan. "Unexplained": neither that, nor one of the three dumps. "Rows lost": a row is missing.
"No way on": after the next runs the database is not, line by line, what the plan makes of it.
"Leftovers": after the last run there is a database or a session on the server, or a file beside the
database, in the project or among the throwaway files, that was not there before.
"""

HEAD = (
    "",
    "program",
    "agent",
    "both",
    "server",
    "cut in two",
    "rows lost",
    "no way on",
    "unexplained",
    "leftovers",
)


def main(file: Path, engines: tuple[str, ...]) -> int:
    """Play, say what was found, and write it down."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    units = list(product(engines, (False, True)))
    with suppress(KeyboardInterrupt), ProcessPoolExecutor(len(units)) as processes:
        list(processes.map(partial(play_on, file), *zip(*units, strict=True)))
    faults = read(file)
    sys.stdout.write(summary(faults))
    put_on_page("faults.py", part(faults))
    return int(not all(fault.is_right() for fault in faults))


def read(file: Path) -> list[Fault]:
    """Return the faults that were played."""
    return [Fault(*json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def play_on(file: Path, engine: str, stepwise: bool) -> None:
    """Play what was not played on an engine, with one kind of plan, on a server of its own."""
    done = {fault[:4] for fault in read(file)}
    with stage_of(engine) as where:
        for at, do in every(engine, stepwise=stepwise):
            if (engine, stepwise, at, do) in done:
                continue
            fault = play(where, engine, at, do, stepwise=stepwise)
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(fault) + "\n")


@contextmanager
def stage_of(engine: str) -> Iterator[Stage]:
    """Yield a stage on an engine of its own."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name, "stage")
        if engine == "sqlite":
            with stage(folder, None) as where:
                yield where
            return
        with START[engine]() as server, stage(folder, server) as where:
            yield where


def every(engine: str, *, stepwise: bool) -> list[tuple[str, str]]:
    """Return every fault of an engine with one kind of plan: point and strike.

    Points come in pairs, two of each kind. Of each pair the migrator is struck at one and the
    server at the other, first of all.
    """
    strikes = STRIKES[:-1] if engine == "sqlite" else STRIKES
    first = set()
    for number, at in enumerate(POINTS):
        at_server = "SERVER" in strikes and number % 2 != stepwise
        migrator = STRIKES[(number // 2 + stepwise) % 3]
        first.add((at, "SERVER" if at_server else migrator))
    return sorted(product(reversed(POINTS), strikes), key=lambda one: one not in first)


def summary(faults: list[Fault]) -> str:
    """Return how many faults were played, and each that was not right."""
    lines = [f"{len(faults)} faults, {sum(fault.is_right() for fault in faults)} right"]
    lines += [
        f"{fault[:4]}: state {fault.state}, left {fault.leftovers}\n    {fault.said}"
        for fault in faults
        if not fault.is_right()
    ]
    return "\n".join(lines) + "\n"


def part(faults: list[Fault]) -> str:
    """Return the text of our part of the page."""
    rows = [
        row(f"{name}, {plan}", [one for one in faults if one[:2] == (engine, stepwise)])
        for engine, name in named().items()
        for stepwise, plan in ((False, "atomic"), (True, "not atomic"))
    ]
    return PART.format(
        machine=machine(),
        table=table(HEAD, [*rows, row("all", faults)]),
        played=len(faults),
        possible=2 * sum(len(every(engine, stepwise=False)) for engine in ENGINES),
        points=len(POINTS),
        struck=len({combination(*fault[:4]) for fault in faults}),
        combinations=len(
            {
                combination(engine, stepwise, at, do)
                for engine, stepwise in product(ENGINES, (False, True))
                for at, do in every(engine, stepwise=stepwise)
            }
        ),
    )


def combination(engine: str, stepwise: bool, at: str, do: str) -> tuple[str, bool, str, bool]:
    """Return the engine, the kind of plan, the kind of step, and whether the server is struck."""
    first, _, last = at.rpartition(" ")
    return engine, stepwise, last if first in {"begin", "end"} else first, do == "SERVER"


def named() -> dict[str, str]:
    """Return what a person calls each engine, by its name here."""
    return {**ENGINES, "sqlite": f"SQLite {sqlite3.sqlite_version}"}


def row(name: str, faults: list[Fault]) -> list[str]:
    """Return a row of the table."""
    return [
        name,
        *(str(sum(fault.do == do for fault in faults)) for do in STRIKES),
        str(sum(fault.state is None for fault in faults)),
        str(sum(not fault.rows_kept for fault in faults)),
        str(sum(not fault.whole for fault in faults)),
        str(sum(not fault.explained for fault in faults)),
        str(sum(bool(fault.leftovers) for fault in faults)),
    ]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), tuple(sys.argv[2:]) or tuple(ENGINES)))
