"""Measure what ``test-migrations-clean`` takes after one migration was added, and from nothing.

    python -m benchmarks.clean            both sides in turns, and the table on the page
    python -m benchmarks.clean --rounds 1 a first look

hyperfine (https://github.com/sharkdp/hyperfine) times the whole verb. Writes its part of
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.histories import put_under_git
from benchmarks.page import machine, put_on_page, table
from benchmarks.variables import variables
from tests.projects.sites import make_wagtail_site

TOOL = str(Path(sys.executable).parent / "migration-workflow")
VERB = (TOOL, "test-migrations-clean", "--format=json")
DJANGO = (".venv/bin/python", "manage.py", "migrate", "--verbosity=0")
SET_UP = """\
import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings.dev"
django.setup()
"""
BOOT = (".venv/bin/python", "-c", SET_UP)
MOST = 0.15

OWN, OWN_MIGRATIONS = "works", 24
"""An app of the site's own, and how many migrations it has: its label sorts after Wagtail's."""

FIRST = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Work", [("id", models.BigAutoField(primary_key=True, serialize=False))]
        ),
    ]
"""

NEXT = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [({app!r}, {after!r})]
    operations = [
        migrations.AddField({model!r}, "note_{number}", models.TextField(null=True)),
    ]
"""

PART = """\
## A new migration on a long history

How long `test-migrations-clean` takes after one migration was added, as against a run from
nothing, and as against `manage.py migrate` from nothing. Measured by `python -m benchmarks.clean`,
which writes this part of the page: [hyperfine](https://github.com/sharkdp/hyperfine) times whole
processes, boot included, all sides in turns ({rounds} rounds).

{machine}

{table}

The history is that of a Wagtail site with an app of its own, on SQLite: {of} migrations with the
new one. Everything before it was kept by a run on the main branch. In the order of an empty
database, a migration of `works` comes last; one of `home` comes before most of Wagtail's, and what
comes after it is run again. To boot the project's Django, and do nothing, took {boot:.2f} s: less
than that neither side can take.
"""


class Case(NamedTuple):
    """One migration that is added: of which app, after which, and in which folder."""

    app: str
    model: str
    after: str
    most: float | None = None
    """The ratio that may not be exceeded."""


CASES = (
    Case(OWN, "work", f"{OWN_MIGRATIONS:04}_note", MOST),
    Case("home", "homepage", "0002_create_homepage"),
)


class Timed(NamedTuple):
    """Seconds of all runs of both sides, and how much came from the kept database."""

    wall: dict[str, list[float]]
    processor: dict[str, list[float]]
    kept: int
    of: int

    def ratio(self, side: str = "zero") -> float:
        """How many times as long it takes, by the medians."""
        return statistics.median(self.wall["added"]) / statistics.median(self.wall[side])

    def ratio_of_processor_time(self) -> float:
        """The same by the work that is done."""
        added, zero = (statistics.median(self.processor[side]) for side in ("added", "zero"))
        return added / zero


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write it down, and fail where a ratio is over its limit."""
    parser = argparse.ArgumentParser(description="Measure test-migrations-clean.")
    parser.add_argument("--rounds", type=int, default=5)
    words = parser.parse_args(argv)
    found = []
    with tempfile.TemporaryDirectory(prefix="clean-") as folder:
        site = make_site(Path(folder))
        for case in CASES:
            timed = measure(site, case, words.rounds)
            told = f"{timed.ratio():.2f}, of CPU time {timed.ratio_of_processor_time():.2f}"
            sys.stdout.write(f"{case.app}: {told}; {timed.kept} of {timed.of} kept\n")
            sys.stdout.flush()
            found.append((case, timed))
    put_on_page("clean.py", part(found, words.rounds))
    return int(any(case.most and timed.ratio() > case.most for case, timed in found))


def make_site(folder: Path) -> Path:
    """Make the site on its main branch, let the verb keep what it builds, and begin a branch."""
    site = folder / "site"
    make_wagtail_site(site)
    migrations = site / OWN / "migrations"
    migrations.mkdir(parents=True)
    for name in (f"{OWN}/__init__.py", f"{OWN}/models.py", f"{OWN}/migrations/__init__.py"):
        (site / name).touch()
    (migrations / "0001_note.py").write_text(FIRST, encoding="utf-8")
    for number in range(2, OWN_MIGRATIONS + 1):
        write_next(site, Case(OWN, "work", f"{number - 1:04}_note"), f"{number:04}_note")
    with (site / "mysite/settings/base.py").open("a", encoding="utf-8") as settings:
        settings.write(f"\nINSTALLED_APPS.append({OWN!r})\n")
    models = ["from django.db import models", "", "", "class Work(models.Model):"]
    models += ["    id = models.BigAutoField(primary_key=True)"]
    models += [
        f"    note_{number} = models.TextField(null=True)"
        for number in range(2, OWN_MIGRATIONS + 1)
    ]
    (site / OWN / "models.py").write_text("\n".join(models) + "\n", encoding="utf-8")
    put_under_git(site)
    run(site, "git", "switch", "--quiet", "main")
    run(site, *VERB)
    run(site, "git", "switch", "--quiet", "feature")
    shutil.copytree(site / ".workflow", folder / "kept")
    return site


def write_next(site: Path, case: Case, name: str) -> Path:
    """Write a migration that adds a field."""
    path = site / case.app / f"migrations/{name}.py"
    text = NEXT.format(**case._asdict(), number=int(name[:4]))
    path.write_text(text, encoding="utf-8")
    return path


def measure(site: Path, case: Case, rounds: int) -> Timed:
    """Add a migration, and let hyperfine time both sides in turns."""
    added = write_next(site, case, f"{int(case.after[:4]) + 1:04}_new")
    models = site / case.app / "models.py"
    before = models.read_text(encoding="utf-8")
    number = int(added.name[:4])
    field = f"    note_{number} = models.TextField(null=True)\n"
    models.write_text(before.replace("    pass\n", "") + field, encoding="utf-8")
    forget, kept = "rm -rf .workflow", site.parent / "kept"
    sides = {
        "zero": forget,
        "added": f"{forget}; cp -r {shlex.quote(str(kept))} .workflow",
        "django": "rm -f db.sqlite3",
        "boot": "true",
    }
    programs = {"django": DJANGO, "boot": BOOT}
    timed = Timed({side: [] for side in sides}, {side: [] for side in sides}, 0, 0)
    for _ in range(rounds):
        for side, before_it in sides.items():
            result = hyperfine(site, programs.get(side, VERB), before_it)
            timed.wall[side] += result["times"]
            timed.processor[side].append(result["user"] + result["system"])
    run(site, "sh", "-c", sides["added"])
    document = json.loads(run(site, *VERB))
    (told,) = [gate["scratch"]["kept"] for gate in document["gates"] if gate["name"] == "clean"]
    added.unlink()
    models.write_text(before, encoding="utf-8")
    return timed._replace(kept=told["migrations"], of=told["of"])


def hyperfine(site: Path, argv: Sequence[str], before: str) -> dict[str, Any]:
    """Time one run of a program, which must pass; ``before`` is run in a shell before it."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        timer = ["hyperfine", "--shell=none", "--runs=1", "--style=none"]
        timer += [f"--export-json={file.name}", "--prepare", shlex.join(["sh", "-c", before])]
        run(site, *timer, shlex.join(argv))
        [result] = json.load(file)["results"]
    timed: dict[str, Any] = result
    return timed


def run(folder: Path, *argv: str) -> str:
    """Run a command that must not fail; return what it printed."""
    done = subprocess.run(
        argv, cwd=folder, env=variables(), capture_output=True, text=True, timeout=3600, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{shlex.join(argv)}\n{done.stderr}")
    return done.stdout


def part(found: Sequence[tuple[Case, Timed]], rounds: int) -> str:
    """Return the text of our part of the page."""
    rows = [
        (
            f"a migration of `{case.app}`",
            f"{timed.kept} of {timed.of}",
            f"{statistics.median(timed.wall['zero']):.2f} s",
            f"{statistics.median(timed.wall['added']):.2f} s",
            f"**{timed.ratio():.2f}**",
            "" if case.most is None else f"{case.most}",
            f"{timed.ratio_of_processor_time():.2f}",
            f"{statistics.median(timed.wall['django']):.2f} s",
            f"{timed.ratio('django'):.2f}",
        )
        for case, timed in found
    ]
    head = (
        "added",
        "kept",
        "from nothing",
        "after it was added",
        "ratio",
        "at most",
        "of CPU time",
        "`migrate` from nothing",
        "ratio to that",
    )
    of = found[0][1].of
    boot = statistics.median(seconds for _, timed in found for seconds in timed.wall["boot"])
    shown = {"machine": machine(), "table": table(head, rows), "of": of, "boot": boot}
    return PART.format(rounds=rounds, **shown)


if __name__ == "__main__":
    sys.exit(main())
