"""What the environment gate costs in a container, and drafting through it, against Compose alone.

    python benchmarks/environment.py [ROUNDS]

Starts a copy of example/ with its docker-compose.dev.yml, takes its measures in turns, so that
whatever else the machine does meets all of them, prints medians, and removes everything again.
PYTHON_IMAGE and POSTGRES_IMAGE choose other base images, as in the Compose file.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).with_name("migration-workflow")
COMPOSE = ("docker", "compose", "-f", "docker-compose.dev.yml")
FIELD = '\n    colour = models.CharField(max_length=20, default="")\n'
ANCHOR = "    created_at = models.DateTimeField(default=timezone.now, editable=False)\n"
TARGETS = {"gate": 0.5, "proof": 0.15, "ratio": 1.3}


def main(rounds: int) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory(prefix="mw-benchmark-") as name:
        shop = Path(name) / "shop"
        shutil.copytree(
            ROOT / "example", shop, ignore=shutil.ignore_patterns("*.sqlite3", ".env", ".workflow")
        )
        _write_environment(shop)
        try:
            _run([str(PROGRAM), "dev"], shop)
            _run([str(PROGRAM), "migrate-safe"], shop)
            models = shop / "catalogue/models.py"
            models.write_text(models.read_text().replace(ANCHOR, ANCHOR + FIELD[1:]))
            print(_table(_measure(shop, rounds), rounds))  # noqa: T201 - that is its output
        finally:
            _run([*COMPOSE, "down", "--volumes", "--timeout", "0"], shop)


def gate(shop: Path) -> dict[str, float]:
    """Examine the container once, in this process, from importing on; return the seconds."""
    began = time.perf_counter()
    from workflow.config import load_settings
    from workflow.context import Context, Words

    context = Context(load_settings(shop), Words(), Silence(), starts_containers=True)
    _ = context.place.origin, context.migration_files
    started = time.perf_counter()
    findings = list(context.place.examine(context))
    ended = time.perf_counter()
    context.close()
    if findings:
        raise SystemExit(f"this is no environment to measure: {findings}")
    return {"gate": ended - began, "proof": ended - started}


class Silence:
    """Nobody to talk to."""

    def progress(self, text: str) -> None:
        """Say nothing."""

    def ask(self, text: str) -> None:
        """Answer nothing."""


def _measure(shop: Path, rounds: int) -> dict[str, list[float]]:
    names = ("gate", "proof", "ours", "compose", "nothing")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    exec_ = [*COMPOSE, "exec", "-T", "web", "python", "manage.py", "makemigrations"]
    nothing = [*COMPOSE, "exec", "-T", "web", "python", "-c", "pass"]
    for _ in range(rounds):
        seconds["nothing"].append(_timed(lambda: _run(nothing, shop)))
        examined = _run([sys.executable, __file__, "--gate"], shop)
        for name, value in json.loads(examined).items():
            seconds[name].append(value)
        for name, argv in (("ours", [str(PROGRAM), "makemigrations"]), ("compose", exec_)):
            seconds[name].append(_timed(lambda argv=argv: _run(argv, shop)))  # type: ignore[misc]
            [made] = shop.glob("catalogue/migrations/0011_*.py")
            made.unlink()
    return seconds


def _table(seconds: dict[str, list[float]], rounds: int) -> str:
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = middle["ours"] / middle["compose"]
    rows = (
        ("environment gate, without a boot", middle["gate"], "s", TARGETS["gate"]),
        ("… of which the sync proof", middle["proof"], "s", TARGETS["proof"]),
        ("gated makemigrations, through the container", middle["ours"], "s", None),
        ("docker compose exec web python manage.py makemigrations", middle["compose"], "s", None),
        ("for comparison: docker compose exec web python -c pass", middle["nothing"], "s", None),
        ("ratio of the two makemigrations", ratio, "", TARGETS["ratio"]),
    )
    lines = [f"| median of {rounds} rounds in turn | measured | at most |", "| --- | --- | --- |"]
    for what, value, unit, target in rows:
        most = "" if target is None else f"{target:g} {unit}".strip()
        lines.append(f"| {what} | {value:.2f} {unit}".rstrip() + f" | {most} |")
    return "\n".join(lines)


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _run(argv: list[str], folder: Path) -> str:
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(argv)}\n{done.stdout}{done.stderr}")
    return done.stdout


def _write_environment(shop: Path) -> None:
    names = ("PYTHON_IMAGE", "POSTGRES_IMAGE")
    lines = [f"{name}={os.environ[name]}\n" for name in names if name in os.environ]
    lines += [
        f"UID={os.getuid()}\nGID={os.getgid()}\nPORT=0\n",
        "COMPOSE_PROJECT_NAME=mw-benchmark\n",
    ]
    (shop / ".env").write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    if sys.argv[1:] == ["--gate"]:
        sys.stdout.write(json.dumps(gate(Path.cwd())))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
