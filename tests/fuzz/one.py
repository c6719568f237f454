"""Runs one input by itself and prints what it cost: ``python -m tests.fuzz.one FILE``."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.project import look, make_project, put


def main() -> None:
    """Run the file in every role that a file can have."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        project = Path(folder)
        make_project(project)
        look(project)  # loads all rules
        put(project, Path(sys.argv[1]).read_bytes(), everywhere=True)
        began = time.process_time()
        look(project, seconds=float("inf"))
        seconds = time.process_time() - began
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(seconds, 3), "megabytes": round(megabytes)}))  # noqa: T201


if __name__ == "__main__":
    main()
