"""Measure what the static gate costs, and draw how the cost grows.

    python -m benchmarks.static_gate FOLDER            everything
    python -m benchmarks.static_gate FOLDER --rounds 3 a first look

It writes ``FOLDER/static-gate.json`` and, where matplotlib is installed, ``FOLDER/growth.svg``.
hyperfine (https://github.com/sharkdp/hyperfine) times whole processes; both sides of a
comparison take turns, round after round. Beside the wall time stands the processor time, which
what else the machine does disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.histories import files_of, make_tree, put_under_git
from benchmarks.variables import variables
from tests.projects.environments import environment_with

VERB = "validate-migration-dependencies"
GATE = (sys.executable, "-m", "workflow.hooks", VERB)
SIZES = (350, 1400, 5000, 10000, 20000)
MIGRATIONS, APPS = 1400, 25

FORGET = "rm -rf .workflow"
EDIT = "printf '# %s\\n' $$ >> {}"
"""A comment is an edit like any other to what reads bytes, and none to what they mean."""

LINTER = "django-migration-linter==6.0.0"
LINTER_APP = 'INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]\n'


class Case(NamedTuple):
    """One command as it is measured. ``before`` is run in a shell before each run of it."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    before: str = "true"


class Times(NamedTuple):
    """Seconds of every run."""

    wall: list[float]
    processor: list[float]

    def row(self) -> dict[str, float]:
        """Return the numbers that are kept."""
        return {
            "median": round(statistics.median(self.wall), 4),
            "fastest": round(min(self.wall), 4),
            "processor": round(statistics.median(self.processor), 4),
            "least processor": round(min(self.processor), 4),
            "runs": len(self.wall),
        }


def measure(cases: Sequence[Case], *, rounds: int, runs: int = 3) -> dict[str, Times]:
    """Let hyperfine time all cases in turns."""
    times = {case.name: Times([], []) for case in cases}
    for _ in range(rounds):
        for case in cases:
            for result in _hyperfine(case, runs):
                times[case.name].wall.append(result[0])
                times[case.name].processor.append(result[1])
    return times


def _hyperfine(case: Case, runs: int) -> list[tuple[float, float]]:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        rows = []
        for _ in range(runs):
            # One run at a time: hyperfine keeps the processor time of a single run apart only so.
            subprocess.run(
                ["hyperfine", "--shell=none", "--runs=1", "--style=none", "--ignore-failure",
                 f"--export-json={file.name}", "--prepare", shlex.join(["sh", "-c", case.before]),
                 shlex.join(case.argv)],
                cwd=case.folder, env=_environment(), check=True, timeout=3600,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            [result] = json.loads(Path(file.name).read_text())["results"]
            rows.append((result["times"][0], result["user"] + result["system"]))
        return rows


def _environment() -> dict[str, str]:
    return variables(PYTHONPATH=str(Path(__file__).parents[1]))


def peak_memory(argv: Sequence[str], folder: Path) -> float:
    """Return the peak memory of a process and its children, in MB."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv],
        cwd=folder, env=_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


def gate_figures(folder: Path, rounds: int) -> dict[str, object]:
    """Measure the gate on 1,400 migrations: cold, warm, after one edit, and its memory."""
    tree = folder / "tree"
    made = make_tree(tree, MIGRATIONS, APPS)
    edited = shlex.quote(str(list(files_of(tree))[-1].relative_to(tree)))
    cases = [
        Case("cold", GATE, tree, FORGET),
        Case("warm", GATE, tree),
        Case("after one edit", GATE, tree, EDIT.format(edited)),
        Case("python -c pass", (sys.executable, "-c", "pass"), tree),
    ]
    times = measure(cases, rounds=rounds)
    shutil.rmtree(tree / ".workflow")
    cold = peak_memory(GATE, tree)
    return {
        "migrations": made,
        "apps": APPS,
        "seconds": {name: row.row() for name, row in times.items()},
        "peak memory, MB": {"cold": round(cold), "warm": round(peak_memory(GATE, tree))},
    }


def growth(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Measure trees of growing size."""
    rows: list[dict[str, object]] = []
    for size in SIZES:
        tree = folder / f"tree-{size}"
        made = make_tree(tree, size, APPS)
        times = measure(
            [Case("cold", GATE, tree, FORGET), Case("warm", GATE, tree)], rounds=rounds, runs=1
        )
        megabytes = peak_memory(GATE, tree)
        rows.append(
            {"migrations": made, "warm memory, MB": round(megabytes)}
            | {name: row.row() for name, row in times.items()}
        )
        shutil.rmtree(tree)
    return rows


def draw(rows: Sequence[dict[str, object]], path: Path) -> None:
    """Draw how processor time grows."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "static-gate"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    sizes = [row["migrations"] for row in rows]
    for name, marker in (("cold", "o"), ("warm", "s")):
        axes.plot(sizes, [row[name]["least processor"] for row in rows], marker=marker, label=name)  # type: ignore[index]
    axes.set_xlabel("migrations")
    axes.set_ylabel("processor time of the whole process, s")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


class Real(NamedTuple):
    """A real project: what to install, and the files that make it run."""

    name: str
    requirements: tuple[str, ...]
    package: str
    files: dict[str, str]


PRETIX = Real(
    "pretix",
    ("pretix==2026.8.0", LINTER),
    "pretix",
    {
        "bench_settings.py": f"from pretix.settings import *\n{LINTER_APP}",
        "pretix.cfg": "[pretix]\ndatadir=data\n[django]\nsecret=no-secret\n[database]\n"
        "backend=sqlite3\n",
        "manage.py": "import os, sys\n"
        'os.environ.setdefault("PRETIX_CONFIG_FILE", "pretix.cfg")\n'
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench_settings")\n'
        "from django.core.management import execute_from_command_line\n"
        "execute_from_command_line(sys.argv)\n",
    },
)

NAUTOBOT = Real(
    "nautobot",
    ("nautobot==3.2.7", LINTER),
    "nautobot",
    {
        "nautobot_config.py": "from nautobot.core.settings import *\n"
        'SECRET_KEY = "no-secret"\n'
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}\n'
        'CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}\n'
        'CONSTANCE_BACKEND = "constance.backends.memory.MemoryBackend"\n' + LINTER_APP,
        "manage.py": "import os, sys\n"
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nautobot_config")\n'
        "from django.core.management import execute_from_command_line\n"
        "execute_from_command_line(sys.argv)\n",
    },
)


def real_figures(folder: Path, real: Real, rounds: int) -> dict[str, object]:
    """Compare with ``makemigrations --check`` of a project, and ``lintmigrations`` where it runs.

    Both sides look at the same files: the project's own, which lie in its tree.
    """
    environment = environment_with(*real.requirements)
    python = str(environment / "bin/python")
    [package] = environment.glob(f"lib/python3*/site-packages/{real.package}")
    tree = folder / real.name
    ignored = shutil.ignore_patterns("__pycache__", "static*", "locale", "node_modules")
    shutil.copytree(package, tree / real.package, ignore=ignored)
    for name, text in real.files.items():
        (tree / name).write_text(text, encoding="utf-8")
    put_under_git(tree)
    cases = [
        Case("gate, cold", GATE, tree, FORGET),
        Case("gate, warm", GATE, tree),
        Case(
            "makemigrations --check",
            (python, "manage.py", "makemigrations", "--check", "--dry-run"),
            tree,
        ),
    ]
    if _crashes(cases[-1].argv, tree):
        raise SystemExit(
            f"{real.name}: makemigrations --check crashes, so there is nothing to time"
        )
    crashed = _crashes((python, "manage.py", "lintmigrations"), tree)
    if not crashed:
        cases.append(Case("lintmigrations", (python, "manage.py", "lintmigrations"), tree))
    times = measure(cases, rounds=rounds, runs=1)
    return {
        "migrations": len(list(tree.rglob("migrations/[0-9]*.py"))),
        "lintmigrations": "crashes" if crashed else "runs",
        "seconds": {name: row.row() for name, row in times.items()},
    }


def _crashes(argv: Sequence[str], folder: Path) -> bool:
    done = subprocess.run(
        argv, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    return "Traceback" in done.stderr


def machine() -> dict[str, str]:
    """Return what the numbers were measured on."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "git": git.split()[-1],
        "load": " ".join(f"{value:.1f}" for value in os.getloadavg()),
    }


def main() -> None:
    """Measure everything, or the parts that are named."""
    parser = argparse.ArgumentParser(description="Measure what the static gate costs.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=["gate", "growth", "real"])
    words = parser.parse_args()
    words.folder.mkdir(parents=True, exist_ok=True)
    path = words.folder / "static-gate.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    found["machine"] = machine()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="static-gate-") as folder:
        if words.only in {None, "gate"}:
            found["gate"] = gate_figures(Path(folder), words.rounds)
        if words.only in {None, "real"}:
            for real in (PRETIX, NAUTOBOT):
                found[real.name] = real_figures(Path(folder), real, words.rounds)
        if words.only in {None, "growth"}:
            found["growth"] = growth(Path(folder), max(1, words.rounds // 2))
    path.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(path.read_text())
    if "growth" in found:
        try:
            draw(found["growth"], words.folder / "growth.svg")
        except ImportError:
            sys.stderr.write("matplotlib is not installed: nothing was drawn\n")


if __name__ == "__main__":
    main()
