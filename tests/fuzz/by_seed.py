"""Spoils real migrations by number, without counting coverage: many more in the same time.

    python -m tests.fuzz.by_seed FOLDER FIRST COUNT

Seed after seed, so that any one can be run again. Whatever raises or takes too long is kept in
FOLDER, and the numbers in ``seeds-FIRST.json``.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.fuzz.mutations import graft, move_statements, real_files, spoilt
from tests.fuzz.project import SECONDS, look, make_project, put

REAL = real_files()
REPORT_EVERY = 500


def made(seed: int) -> bytes:
    """Return the input of a seed: half of them stay Python, a tenth are any bytes."""
    chance = random.Random(seed)
    data = chance.choice(REAL)
    draw = chance.random()
    if draw < 0.1:
        return chance.randbytes(chance.randint(0, 4000))
    if draw < 0.5:
        return spoilt(seed, data)
    for _ in range(chance.randint(1, 5)):
        data = chance.choice((graft, graft, move_statements))(chance, data)
    return data


def main(folder: Path, first: int, count: int) -> int:
    """Run the seeds; return 1 where anything was found."""
    folder.mkdir(parents=True, exist_ok=True)
    project = Path(tempfile.mkdtemp(prefix="fuzz-"))
    make_project(project)
    look(project, seconds=float("inf"))  # loads all rules
    raised: dict[str, int] = {}
    slowest = (0.0, first)
    unreadable = 0
    for seed in range(first, first + count):
        put(project, made(seed), everywhere=seed % 4 == 0)
        began = time.process_time()
        try:
            history, _ = look(project, seconds=SECONDS)
            unreadable += bool(history.problems)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__}-{Path(frame.filename).stem}-{frame.lineno}"
            raised.setdefault(place, seed)
            (folder / f"seed-{place}.txt").write_text("".join(traceback.format_exception(error)))
        slowest = max(slowest, (time.process_time() - began, seed))
        if seed % REPORT_EVERY == 0 or seed == first + count - 1:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            numbers = {
                "inputs": seed - first + 1,
                "raised, with a seed": raised,
                "inputs with an unreadable file": unreadable,
                "slowest, s": round(slowest[0], 3),
                "slowest seed": slowest[1],
                "peak memory, MB": round(peak),
                "limit, s": SECONDS,
                "process": os.getpid(),
            }
            path = folder / f"seeds-{first}.json"
            path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return int(bool(raised))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
