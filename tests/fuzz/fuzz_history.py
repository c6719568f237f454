"""Fuzzes the static gate, guided by coverage: ``nox -s fuzz``, or with atheris installed

    python -m tests.fuzz.fuzz_history FOLDER -runs=100000

FOLDER keeps the inputs that found something new, and the numbers in ``numbers.json``. Words
for libFuzzer may follow. Every input that raises something is kept, one for each place.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import atheris

import workflow.history
import workflow.rules

with atheris.instrument_imports(include=["workflow.history", "workflow.rules"]):
    # All at once: what is imported later would not be counted.
    for package in (workflow.history, workflow.rules):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    from tests.fuzz.project import SECONDS, look, make_project, put
from tests.fuzz.mutations import MAX_BYTES, graft, is_python, move_statements, real_files, spoilt

INSTRUMENTED_SECONDS = 20 * SECONDS
"""Counting coverage makes everything slower; what took long is timed again without."""

TIMED_AGAIN = 20
REAL = real_files()
REPORT_EVERY = 1000


class Fuzzer:
    """Runs one input after the other and remembers the numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = Path(tempfile.mkdtemp(prefix="fuzz-"))
        make_project(self.project)
        self.inputs = 0
        self.findings = 0
        self.unreadable = 0
        self.raised: set[str] = set()
        self.began = time.monotonic()
        self.slowest: list[tuple[float, bytes]] = []

    def one(self, data: bytes) -> None:
        """Run one input."""
        put(self.project, data, everywhere=self.inputs % 4 == 0)
        self.inputs += 1
        began = time.process_time()
        try:
            history, findings = look(self.project, seconds=INSTRUMENTED_SECONDS)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            self._keep(error, data)
            return
        self._remember(time.process_time() - began, data)
        self.findings += len(findings)
        self.unreadable += bool(history.problems)
        if self.inputs % REPORT_EVERY == 0:
            self.report()

    def _keep(self, error: Exception, data: bytes) -> None:
        """Keep the first input for each place that something is raised in, and go on."""
        frames = traceback.extract_tb(error.__traceback__)
        frame = next(frame for frame in reversed(frames) if frame.name != "__bool__")
        place = f"{type(error).__name__}-{Path(frame.filename).stem}-{frame.lineno}"
        path = self.folder / f"raised-{place}"
        self.raised.add(place)
        if not path.exists() or len(data) < path.stat().st_size:
            path.write_bytes(data)
            path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)))

    def _remember(self, took: float, data: bytes) -> None:
        if len(self.slowest) < TIMED_AGAIN or took > self.slowest[-1][0]:
            self.slowest = sorted([*self.slowest, (took, data)], reverse=True)[:TIMED_AGAIN]
            for number, (_, slow) in enumerate(self.slowest):
                (self.folder / f"slow-{number:02}").write_bytes(slow)

    def report(self) -> None:
        """Write the numbers so far."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        numbers = {
            "inputs": self.inputs,
            "places that raised": sorted(self.raised),
            "findings": self.findings,
            "inputs with an unreadable file": self.unreadable,
            "slowest, instrumented, s": round(self.slowest[0][0], 3),
            "peak memory, instrumented, MB": round(peak),
            "minutes": round((time.monotonic() - self.began) / 60, 1),
        }
        (self.folder / "numbers.json").write_text(json.dumps(numbers, indent=2) + "\n")


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change an input as libFuzzer would, or as somebody spoils a migration.

    Most stay Python, or what comes after parsing would hardly be reached.
    """
    chance = random.Random(seed)
    if chance.random() < 0.15:
        changed: bytes = atheris.Mutate(data, max_size)
        return changed
    if not is_python(data):
        data = chance.choice(REAL)
    if chance.random() < 0.2:
        return spoilt(seed, data)[:max_size]
    for _ in range(chance.randint(1, 3)):
        data = chance.choice((graft, graft, move_statements))(chance, data)
    return data[:max_size]


def time_again(folder: Path) -> dict[str, Any]:
    """Time the slowest inputs in a fresh process, without counting coverage."""
    rows = []
    for path in sorted(folder.glob("slow-*")):
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.one", str(path)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        rows.append(json.loads(done.stdout))
    return {
        "slowest, s": max(row["seconds"] for row in rows),
        "peak memory, MB": max(row["megabytes"] for row in rows),
    }


def main() -> None:
    """Fuzz in a process of its own, as libFuzzer does not return; then time the slowest."""
    folder = Path(sys.argv[1])
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    if os.environ.get("FUZZ_INSIDE"):
        for number, data in enumerate(REAL):
            (corpus / f"real-{number:02}").write_bytes(data)
        fuzzer = Fuzzer(folder)
        words = [sys.argv[0], str(corpus), f"-max_len={MAX_BYTES}", "-len_control=0", *sys.argv[2:]]
        atheris.Setup(words, fuzzer.one, custom_mutator=mutate)
        atheris.Fuzz()
    words = [sys.executable, "-m", "tests.fuzz.fuzz_history", str(folder), *sys.argv[2:]]
    limits = [f"-artifact_prefix={folder}/", "-timeout=600", "-rss_limit_mb=2048"]
    code = subprocess.run(
        [*words, *limits], env={**os.environ, "FUZZ_INSIDE": "1"}, check=False
    ).returncode
    numbers = json.loads((folder / "numbers.json").read_text())
    numbers |= time_again(folder)
    (folder / "numbers.json").write_text(json.dumps(numbers, indent=2) + "\n")
    print(json.dumps(numbers, indent=2))  # noqa: T201 - a program's output
    sound = not numbers["places that raised"] and numbers["slowest, s"] <= SECONDS
    sys.exit(code or int(not sound))


if __name__ == "__main__":
    main()
