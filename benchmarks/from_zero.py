"""Measure what a database takes from nothing to the newest migration, with Django and with us.

    python -m benchmarks.from_zero              both sides in turns, and the table on the page
    python -m benchmarks.from_zero --rounds 1   a first look

hyperfine (https://github.com/sharkdp/hyperfine) times whole processes. Writes its part of
docs/benchmarks.md, and fails where the two schemas differ.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.availability import engine_of
from benchmarks.page import machine, put_on_page, table
from benchmarks.variables import variables
from tests.projects.environments import environment_with
from tests.projects.sites import WAGTAIL, make_wagtail_site
from tests.servers.engines import postgresql_server

MOST = 0.5

SETTINGS = """\
import json
import os

from mysite.settings.dev import *

DATABASES = {"default": json.loads(os.environ["MEASURED_DATABASE"])}
"""

AGENT = Path(__file__).parents[1] / "workflow/agent"

SETUP = f"""\
import json, sys, types

name = "_migration_workflow_agent"
sys.modules[name] = types.ModuleType(name)
sys.modules[name].__path__ = [{str(AGENT)!r}]
sys.path.insert(0, "")

import django
from django.db import connection

django.setup()
"""

BUILD = f"""\
{SETUP}
from _migration_workflow_agent.migrating import Recorder, migrate
from _migration_workflow_agent.rendering import Executor

channel = types.SimpleNamespace(event=lambda **_: None)
migrate(connection, Recorder(channel, "building"), executor_class=Executor)
"""

LOOK = f"""\
{SETUP}
from _migration_workflow_agent.fingerprint import fingerprint

print(json.dumps(fingerprint(connection)))
"""

PART = """\
## From nothing to the newest migration

How long a database takes from nothing to the newest migration: with `manage.py migrate`, and as
`test-migrations-clean` builds it on a scratch database, where of the models of each state only
those are made that an operation asks for (`agent/rendering.py`). Measured by
`python -m benchmarks.from_zero`, which writes this part of the page:
[hyperfine](https://github.com/sharkdp/hyperfine) times whole processes, boot included, both sides
in turns (rounds: {rounds}).

{machine}

{table}

The history is that of a Wagtail site. Times are medians, and the ratio is theirs; it is to be
{most} at most, by the clock and by the processor: where the machine was busy with other work, the
clock says little. {verdict}
Processor time is that of the process and not of the server. On each engine both sides led to the
same schema, the same recorded history and the same numbers of rows.

What is left, beside the boot, which is about a third of ours and the same for both, is by a profile
mostly this: a fifth makes all models anew for code of migrations, and another fifth those that
operations ask for. Classes are handed on between states only where nothing that they lead to has
changed.
"""


VERDICT = ("Here it is.", "Here it is not everywhere.")


class Side(NamedTuple):
    """One way to build a database, and what empties it before."""

    argv: list[str]
    database: dict[str, Any]
    empty: list[str]


class Timed(NamedTuple):
    """Seconds of all runs of one side."""

    wall: list[float]
    processor: list[float]

    def medians(self) -> tuple[float, float]:
        """Return the median time by the clock, and of the processor."""
        return statistics.median(self.wall), statistics.median(self.processor)


Place = Callable[[str], tuple[dict[str, Any], list[str]]]
"""Return the settings of a database for a side, and the command that empties it."""


@contextmanager
def on_files() -> Iterator[tuple[str, Place]]:
    """Yield SQLite's name, and what names its files."""
    with tempfile.TemporaryDirectory(prefix="from-zero-") as folder:

        def place(side: str) -> tuple[dict[str, Any], list[str]]:
            path = str(Path(folder) / f"{side}.sqlite3")
            settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
            return settings, ["rm", "-f", path]

        yield "SQLite", place


@contextmanager
def on_postgresql() -> Iterator[tuple[str, Place]]:
    """Yield the name of a running server, and what names its databases."""
    with postgresql_server() as server:

        def place(side: str) -> tuple[dict[str, Any], list[str]]:
            settings = {"ENGINE": "django.db.backends.postgresql", "NAME": side}
            anew = f"DROP DATABASE IF EXISTS {side}", "-c", f"CREATE DATABASE {side}"
            return {**settings, "USER": "postgres", "HOST": str(server.socket)}, [
                *server.client,
                *anew,
            ]

        yield engine_of(server), place


ENGINES: tuple[Callable[[], AbstractContextManager[tuple[str, Place]]], ...] = (
    on_files,
    on_postgresql,
)


def main() -> int:
    """Measure both sides on each engine, and write it down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    rounds: int = parser.parse_args().rounds
    rows, ratios = [], []
    with tempfile.TemporaryDirectory(prefix="from-zero-") as folder:
        site = make_site(Path(folder) / "site")
        for start in ENGINES:
            with start() as (engine, place):
                row, ratio = compared(site, engine, place, rounds)
            rows.append(row)
            ratios.append(ratio)
            sys.stdout.write(" | ".join(row) + "\n")
            sys.stdout.flush()
    head = ("engine", "`migrate`", "ours", "ratio", "`migrate`, CPU", "ours, CPU", "ratio of CPU")
    text = {"rounds": rounds, "machine": machine(), "table": table(head, rows)}
    put_on_page("from_zero.py", PART.format(**text, most=MOST, verdict=VERDICT[max(ratios) > MOST]))
    return int(max(ratios) > MOST)


def make_site(folder: Path) -> Path:
    """Make a Wagtail site that takes its database from the environment."""
    make_wagtail_site(folder)
    (folder / ".venv").unlink()
    (folder / ".venv").symlink_to(environment_with(*WAGTAIL, "psycopg[binary]==3.3.9"))
    (folder / "mysite/settings/measured.py").write_text(SETTINGS, encoding="utf-8")
    return folder


def compared(site: Path, engine: str, place: Place, rounds: int) -> tuple[list[str], float]:
    """Return the row of an engine, and the larger ratio. Fails where the databases differ."""
    python = str(site / ".venv/bin/python")
    django = Side([python, "manage.py", "migrate", "--verbosity=0"], *place("django"))
    ours = Side([python, "-c", BUILD], *place("ours"))
    timed = {side: Timed([], []) for side in ("django", "ours")}
    for _ in range(rounds):
        for name, side in (("django", django), ("ours", ours)):
            result = hyperfine(site, side)
            timed[name].wall.extend(result["times"])
            timed[name].processor.append(result["user"] + result["system"])
    looks = [run(site, side, [python, "-c", LOOK]) for side in (django, ours)]
    if looks[0] != looks[1]:
        raise SystemExit(f"{engine}: the two databases are not the same")
    (wall, processor), (our_wall, our_processor) = (one.medians() for one in timed.values())
    ratio, by_processor = our_wall / wall, our_processor / processor
    seconds = [f"{value:.1f} s" for value in (wall, our_wall, processor, our_processor)]
    row = [engine, *seconds[:2], f"**{ratio:.2f}**", *seconds[2:], f"**{by_processor:.2f}**"]
    return row, max(ratio, by_processor)


def hyperfine(site: Path, side: Side) -> dict[str, Any]:
    """Let hyperfine time one run on an empty database."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        argv = ["hyperfine", "--shell=none", "--runs=1", "--style=none"]
        argv += [f"--export-json={file.name}", f"--prepare={shlex.join(side.empty)}"]
        run(site, side, [*argv, shlex.join(side.argv)])
        result: dict[str, Any] = json.load(file)["results"][0]
    return result


def run(site: Path, side: Side, argv: list[str]) -> str:
    """Run a program on a side's database; return what it said."""
    told = variables(
        DJANGO_SETTINGS_MODULE="mysite.settings.measured",
        MEASURED_DATABASE=json.dumps(side.database),
    )
    done = subprocess.run(
        argv, cwd=site, env=told, stdout=subprocess.PIPE, text=True, check=True, timeout=3600
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
