"""What ``setup --check`` costs in a repository that is on board.

    python -m benchmarks.setup_check [RUNS]

hyperfine (https://github.com/sharkdp/hyperfine) times it on two repositories: the example, and a
Wagtail site under git. Both look at everything, booting the project and asking its database
included.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.projects.sites import make_wagtail_site

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = str(Path(sys.executable).with_name("migration-workflow"))
HOST = {**os.environ, "MIGRATION_WORKFLOW_RUNS": "host"}
TARGET_SECONDS = 1.0
THROWAWAY = shutil.ignore_patterns("*.sqlite3", ".env", ".workflow")


def main(runs: int) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory(prefix="mw-benchmark-") as name:
        shop, site = Path(name) / "shop", Path(name) / "site"
        shutil.copytree(ROOT / "example", shop, ignore=THROWAWAY)
        make_wagtail_site(site)
        for repository in (shop, site):
            seconds = _measure(repository, runs)
            within = "within" if seconds <= TARGET_SECONDS else "over"
            print(f"{repository.name:6}{seconds * 1000:5.0f} ms, {within} {TARGET_SECONDS:g} s")  # noqa: T201 - that is its output


def _measure(repository: Path, runs: int) -> float:
    """Bring a repository on board and return the median of its check, in seconds."""
    subprocess.run(["git", "init", "--quiet"], cwd=repository, check=True)
    board = subprocess.run([PROGRAM, "setup", "--yes"], cwd=repository, env=HOST, check=False)
    if board.returncode not in {0, 1}:
        raise SystemExit(f"{repository.name} did not come on board")
    report = repository / "times.json"
    argv = ["hyperfine", "--warmup=2", f"--runs={runs}", f"--export-json={report}"]
    command = f"{PROGRAM} setup --check"
    subprocess.run([*argv, "--ignore-failure", command], cwd=repository, env=HOST, check=True)
    [result] = json.loads(report.read_text(encoding="utf-8"))["results"]
    return float(result["median"])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
