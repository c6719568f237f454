"""Measure what the static hook costs at a commit, and write that part of docs/benchmarks.md.

    python -m benchmarks.hooks FOLDER [RUNS]

Makes a project of 500 real migrations in FOLDER, lets pre-commit and prek make the environment of
the hook from the newest commit of this checkout, and lets hyperfine time whole processes. Then a
clone of that project is made, and the time taken until it refuses a bad commit.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.histories import files_of, make_tree
from benchmarks.page import machine, put_on_page, table
from tests.projects.environments import environment_with

ROOT = Path(__file__).parents[1]
MIGRATIONS, APPS = 500, 20
VERB = "validate-migration-dependencies"
HOMES = {"pre-commit": "PRE_COMMIT_HOME", "prek": "PREK_HOME"}
"""Each framework, and the variable that says where it keeps the environments of hooks."""

CONFIG = """\
repos:
  - repo: {root}
    rev: {rev}
    hooks:
      - id: {verb}
  - repo: local
    hooks:
      - {{id: nothing, name: nothing, entry: "true", language: system, always_run: true}}
"""

PART = """\
## What a hook costs

Measured by `python -m benchmarks.hooks`: a commit that changes one of {made} real migrations in
{apps} apps. [hyperfine](https://github.com/sharkdp/hyperfine) times whole processes, {runs} runs
of each. {machine}

{rows}

The hook is the program that a framework starts, in the environment that it made for it. It is to
take 150 ms at most; how fast the machine was tells the Python that does nothing, which takes 8 ms
under "Start-up". What a framework costs by itself is that of a hook that does nothing.

From `git clone` to a refused bad commit it took {clone:.0f} s, of 60 s at most: the clone, the
installation of the hooks with an empty cache of environments, and the commit.
"""


def main(folder: Path, runs: int) -> None:
    """Measure, and write the page."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    programs = environment_with("pre-commit==4.*", "prek==0.*") / "bin"
    os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # prek's environment gets its bytecode so
    os.environ.update({variable: str(folder / name) for name, variable in HOMES.items()})
    project = folder / "project"
    made = make_tree(project, MIGRATIONS, APPS)
    rev = _said(ROOT, "git", "rev-parse", "HEAD")
    config = CONFIG.format(root=ROOT, rev=rev, verb=VERB)
    (project / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    _commit(project)
    seconds = seconds_until_refused(project, folder / "clone")
    changed = files_of(project)[-1]
    _change(changed, project, "\n# changed\n")
    for name in HOMES:
        _said(project, name, "run", VERB, fails=True)
    [hook] = (folder / "pre-commit").glob("*/py_env-*/bin/migration-workflow-hook")
    python = shlex.quote(str(hook.with_name("python")))
    words = [str(hook), VERB, str(changed.relative_to(project))]
    times = medians(
        {
            "the hook": shlex.join(words),
            "its Python, which does nothing": f"{python} -c pass",
            **{f"{name} with the hook": f"{name} run {VERB}" for name in HOMES},
            **{f"{name} with a hook that does nothing": f"{name} run nothing" for name in HOMES},
        },
        project,
        runs,
    )
    rows = table(
        ("what", "median", "fastest", "CPU time"), [(what, *taken) for what, taken in times.items()]
    )
    put_on_page(
        "hooks.py",
        PART.format(made=made, apps=APPS, runs=runs, machine=machine(), rows=rows, clone=seconds),
    )


def seconds_until_refused(project: Path, clone: Path) -> float:
    """Clone, install the hooks, commit a bad migration; return how long that took."""
    began = time.perf_counter()
    _said(project.parent, "git", "clone", "--quiet", str(project), str(clone))
    _said(clone, "pre-commit", "install", "--install-hooks")
    _change(files_of(clone)[-1], clone, "\nraise NotImplementedError(\n")
    said = _said(clone, *_committing("Bad"), fails=True)
    taken = time.perf_counter() - began
    if "GRF114" not in said:
        raise SystemExit(f"the bad commit was not refused for what is bad in it:\n{said}")
    return taken


def medians(
    commands: Mapping[str, str], folder: Path, runs: int
) -> dict[str, tuple[str, str, str]]:
    """Return the median and the fastest run of each command, and its processor time."""
    path = folder.parent / "times.json"
    how = ["--warmup", "2", "--runs", str(runs), "--shell", "none", "--ignore-failure"]
    where = ["--style", "none", "--export-json", str(path)]
    subprocess.run(["hyperfine", *how, *where, *commands.values()], cwd=folder, check=True)
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    return {
        what: (
            _shown(statistics.median(result["times"])),
            _shown(min(result["times"])),
            _shown(result["user"] + result["system"]),
        )
        for what, result in zip(commands, results, strict=True)
    }


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _change(path: Path, folder: Path, text: str) -> None:
    """Add to a file, and stage it."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
    _said(folder, "git", "add", "--all")


def _commit(folder: Path) -> None:
    _said(folder, "git", "add", "--all")
    _said(folder, *_committing("Hooks"))


def _committing(message: str) -> Sequence[str]:
    who = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
    return ("git", *who, "commit", "--quiet", "--message", message)


def _said(folder: Path, *argv: str, fails: bool = False) -> str:
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=not fails)
    return f"{done.stdout}{done.stderr}".strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)
