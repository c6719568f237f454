"""Measure what the gates cost, and write that part of docs/benchmarks.md.

    python -m benchmarks.run            about ten minutes
    python -m benchmarks.run --rounds 1 a first look

Run it from the checkout, with the tool installed in the environment of this Python. hyperfine
(https://github.com/sharkdp/hyperfine) does the timing. Both sides of a comparison take turns,
round after round, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.page import put_on_page
from benchmarks.variables import variables
from tests.projects.sites import add_subtitle, make_wagtail_site

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
TOOL = str(BIN / "migration-workflow")

PRODUCT = "    created_at = models.DateTimeField(default=timezone.now, editable=False)\n"
COLOUR = '    colour = models.CharField(max_length=20, default="")\n'

ONE_TASK = "from invoke import task\n\n\n@task\ndef nothing(context):\n    pass\n"
OUR_TASKS = "from workflow.tasks import namespace\n\nns = namespace\n"

PART = """\
## What the gates cost

What the gates cost on top of Django's own commands. Measured by `python -m benchmarks.run`,
which makes the projects, lets [hyperfine](https://github.com/sharkdp/hyperfine) time both
sides in turns ({rounds} rounds of {runs} runs each), and writes this part of the page.

{machine}

| what | on | Django alone | gated | ratio | at most | of the fastest | of CPU time |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
{ratios}

Times are medians, and the ratio is theirs. The ratios of the fastest runs and of the processor
time of all processes say the same where the machine was quiet.

"Nothing to do": the models say what the migrations say. "One change": a field was added, and its
migration is really written; it is removed again before each run. "Nothing pending": every
migration is applied. The projects are under git, their databases are SQLite files with every
migration applied, and bytecode is cached on both sides.

A gated command runs two Pythons: the tool's own, and the project's, which boots Django once.
The first reads the migration files and asks git while the second boots. The second looks for no
garbage while it boots, runs the system checks of the models where Django's commands run all of
them, and leaves without taking itself apart. That is how a ratio can be below one.

### Start-up

| command | median | compared with | median |
| --- | ---: | --- | ---: |
{starts}

`--help` and `--list` import neither Django, Docker nor Rich; `tests/test_imports.py` holds them
to it.
"""


class Side(NamedTuple):
    """One command, in the words of the table and as it is run."""

    shown: str
    argv: tuple[str, ...]


class Case(NamedTuple):
    """Two commands to compare, in one folder."""

    what: str
    on: str
    folder: Path
    plain: Side
    gated: Side
    most: float | None = None
    """The ratio that may not be exceeded."""
    remove: str | None = None
    """A pattern of files to remove before each run."""


class Timed(NamedTuple):
    """All the times of both sides, in seconds; processor time is the mean of each round."""

    plain: list[float]
    gated: list[float]
    plain_processor: list[float]
    gated_processor: list[float]

    def ratio(self) -> float:
        """How many times as long the gated side takes, by the medians."""
        return statistics.median(self.gated) / statistics.median(self.plain)

    def ratio_of_fastest(self) -> float:
        """The same by the fastest runs, which other people's work disturbs least."""
        return min(self.gated) / min(self.plain)

    def ratio_of_processor_time(self) -> float:
        """The same by the work that is done, however many processes do it at once."""
        return statistics.median(self.gated_processor) / statistics.median(self.plain_processor)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write it down, and fail where a ratio is over its limit."""
    parser = argparse.ArgumentParser(description="Measure what the gates cost.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=4, help="runs of each side in a round")
    parser.add_argument("--only", default="", help="measure only what has this in its name")
    words = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        cases, starts = make_cases(Path(folder))
        chosen = [case for case in cases + starts if words.only in f"{case.what} on {case.on}"]
        timed = []
        for case in chosen:
            times = measure(case, words.rounds, words.runs)
            timed.append(times)
            ratios = (times.ratio(), times.ratio_of_fastest(), times.ratio_of_processor_time())
            told = "{:.2f}, of the fastest {:.2f}, of CPU time {:.2f}".format(*ratios)
            sys.stdout.write(f"{case.what} on {case.on}: {told}\n")
            sys.stdout.flush()
    if not words.only:
        put_on_page("run.py", part(chosen, timed, words.rounds, words.runs))
    return int(any(_over(case, times) for case, times in zip(chosen, timed, strict=True)))


def make_cases(folder: Path) -> tuple[list[Case], list[Case]]:
    """Make every project in every state; return comparisons with Django, and of start-up."""
    shop, shop_changed = folder / "shop", folder / "shop-changed"
    shutil.copytree(
        ROOT / "example",
        shop,
        ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3*", ".env", ".workflow"),
    )
    site, site_changed = folder / "site", folder / "site-changed"
    make_wagtail_site(site)
    _ready(shop, sys.executable)
    _ready(site, ".venv/bin/python")
    for before, after in ((shop, shop_changed), (site, site_changed)):
        shutil.copytree(before, after, symlinks=True)
    _add_colour(shop_changed)
    add_subtitle(site_changed)
    single = folder / "one-task"
    single.mkdir()
    (single / "tasks.py").write_text(ONE_TASK, encoding="utf-8")
    ours = folder / "ours"
    ours.mkdir()
    (ours / "tasks.py").write_text(OUR_TASKS, encoding="utf-8")
    return _comparisons(shop, shop_changed, site, site_changed), _starts(ours, single)


def _comparisons(shop: Path, shop_changed: Path, site: Path, site_changed: Path) -> list[Case]:
    cases = []
    for name, same, changed, python, most, new in (
        ("example", shop, shop_changed, sys.executable, 1.3, "catalogue/migrations/0011_*"),
        ("wagtail", site, site_changed, ".venv/bin/python", 1.2, "home/migrations/0003_*"),
    ):
        plain = Side("manage.py makemigrations", (python, "manage.py", "makemigrations"))
        gated = Side("makemigrations", (TOOL, "makemigrations"))
        cases += [
            Case("`makemigrations`, nothing to do", name, same, plain, gated, most),
            Case("`makemigrations`, one change", name, changed, plain, gated, most, new),
            Case(
                "`migrate-safe`, nothing pending",
                name,
                same,
                Side("manage.py migrate", (python, "manage.py", "migrate")),
                Side("migrate-safe", (TOOL, "migrate-safe")),
                1.5,
            ),
        ]
    return cases


def _starts(ours: Path, single: Path) -> list[Case]:
    inv = str(BIN / "inv")
    return [
        Case(
            "start",
            "help",
            ours,
            Side("python -c pass", (sys.executable, "-c", "pass")),
            Side("migration-workflow --help", (TOOL, "--help")),
        ),
        Case(
            "start",
            "list",
            ours,
            Side("inv --list of one empty task", (inv, "-r", str(single), "--list")),
            Side("inv --list", (inv, "--list")),
        ),
    ]


def _ready(folder: Path, python: str) -> None:
    """Migrate a project's database and put the project under git."""
    _run(folder, python, "manage.py", "migrate", "--verbosity=0")
    (folder / ".gitignore").write_text("__pycache__/\n*.sqlite3\n.venv\n", encoding="utf-8")
    _run(folder, "git", "init", "--quiet", "--initial-branch=main")
    _run(folder, "git", "add", ".")
    who = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
    _run(folder, "git", *who, "commit", "--quiet", "--message=All")


def _add_colour(folder: Path) -> None:
    models = folder / "catalogue/models.py"
    text = models.read_text(encoding="utf-8")
    if text.count(PRODUCT) != 1:
        raise SystemExit("the example's product looks different now: adapt this script")
    models.write_text(text.replace(PRODUCT, PRODUCT + COLOUR), encoding="utf-8")


def _run(folder: Path, *argv: str) -> None:
    subprocess.run(argv, cwd=folder, env=variables(), check=True, timeout=300)


def measure(case: Case, rounds: int, runs: int) -> Timed:
    """Let hyperfine time both sides, in turns."""
    timed = Timed([], [], [], [])
    for _ in range(rounds):
        plain, gated = _hyperfine(case, runs)
        timed.plain.extend(plain["times"])
        timed.gated.extend(gated["times"])
        timed.plain_processor.append(plain["user"] + plain["system"])
        timed.gated_processor.append(gated["user"] + gated["system"])
    return timed


def _hyperfine(case: Case, runs: int) -> list[dict[str, Any]]:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        argv = ["hyperfine", "--shell=none", "--warmup=1", f"--runs={runs}", "--style=none"]
        argv.append(f"--export-json={file.name}")
        if case.remove is not None:
            argv.append("--prepare=" + shlex.join(["sh", "-c", f"rm -f {case.remove}"]))
        _run(case.folder, *argv, *(shlex.join(side.argv) for side in (case.plain, case.gated)))
        results: list[dict[str, Any]] = json.load(file)["results"]
    return results


def _over(case: Case, times: Timed) -> bool:
    return case.most is not None and times.ratio() > case.most


def part(cases: Sequence[Case], timed: Sequence[Timed], rounds: int, runs: int) -> str:
    """Return the text of our part."""
    pairs = list(zip(cases, timed, strict=True))
    return PART.format(
        rounds=rounds,
        runs=runs,
        machine=_machine(),
        ratios="\n".join(_ratio_row(*pair) for pair in pairs if pair[0].most is not None),
        starts="\n".join(_start_row(*pair) for pair in pairs if pair[0].most is None),
    )


def _ratio_row(case: Case, times: Timed) -> str:
    cells = (
        case.what,
        case.on,
        _milliseconds(times.plain),
        _milliseconds(times.gated),
        f"**{times.ratio():.2f}**",
        f"{case.most}",
        f"{times.ratio_of_fastest():.2f}",
        f"{times.ratio_of_processor_time():.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _start_row(case: Case, times: Timed) -> str:
    gated, plain = _milliseconds(times.gated), _milliseconds(times.plain)
    return f"| `{case.gated.shown}` | {gated} | `{case.plain.shown}` | {plain} |"


def _milliseconds(times: Sequence[float]) -> str:
    return f"{statistics.median(times) * 1000:.0f} ms"


def _machine() -> str:
    versions = {
        "Python": platform.python_version(),
        "Django": _version(sys.executable, "django"),
        "Wagtail": _wagtail_version(),
        "git": _said("git", "--version").split()[-1],
        "hyperfine": _said("hyperfine", "--version").split()[-1],
    }
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    day = datetime.datetime.now(tz=datetime.timezone.utc).date()
    processor = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    load = f"load average {os.getloadavg()[2]:.1f}"
    return f"On {day}, {processor}, {load} from other work: {listed}."


def _version(python: str, module: str) -> str:
    return _said(python, "-c", f"import {module}; print({module}.__version__)")


def _wagtail_version() -> str:
    from tests.projects.environments import environment_with
    from tests.projects.sites import WAGTAIL

    python = str(environment_with(*WAGTAIL) / "bin/python")
    return f"{_version(python, 'wagtail')} on Django {_version(python, 'django')}"


def _said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
