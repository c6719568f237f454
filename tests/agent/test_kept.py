"""A database that is kept appears whole or not at all, whenever whoever keeps it is killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import workflow

AGENT = Path(workflow.__file__).parent / "agent"

KEEP = """
import os, signal, sys, types
package = types.ModuleType("_migration_workflow_agent")
package.__path__ = [sys.argv[1]]
sys.modules[package.__name__] = package
from _migration_workflow_agent import kept

calls = 0

def counted(function):
    def call(*arguments):
        global calls
        if calls == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
        calls += 1
        return function(*arguments)
    return call

class Connection:
    import sqlite3
    connection = sqlite3.connect(":memory:")
    def ensure_connection(self):
        pass

Connection.connection.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
for name in ("fsync", "replace", "open", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
shelf = kept.Files("mark", sys.argv[2])
shelf.prepare(["digest"], [])
shelf.stage(Connection(), 1, {"state": "state"})
shelf.keep([], [])
print(calls)
"""


def keep(scratch: Path, at: int) -> subprocess.CompletedProcess[str]:
    """Keep a database, and be killed before one of the calls to the system."""
    return subprocess.run(
        [sys.executable, "-c", KEEP, str(AGENT), str(scratch), str(at)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def taken(scratch: Path) -> dict[str, Any] | None:
    """Return the record of what the next run begins with."""
    from _migration_workflow_agent.kept import Files

    target = scratch / "grown.sqlite3"
    shelf = Files("mark", str(scratch))
    shelf.prepare(["digest"], [])
    shelf.begin(str(target))
    if shelf.record is not None:
        rows = sqlite3.connect(target).execute("SELECT x FROM t").fetchall()
        assert rows == [(1,)]
    target.unlink(missing_ok=True)
    record: dict[str, Any] | None = shelf.record
    return record


def new_scratch(folder: Path, name: str) -> Path:
    scratch = folder / "scratch" / name
    scratch.mkdir(parents=True)
    return scratch


@pytest.mark.parametrize("there_already", [False, True])
def test_a_kill_at_any_moment(there_already: bool, tmp_path: Path) -> None:
    done = keep(new_scratch(tmp_path / "whole", "run"), -1)
    assert done.returncode == 0, done.stderr
    outcomes = set()
    for at in range(int(done.stdout)):
        folder = tmp_path / str(at)
        if there_already:
            assert keep(new_scratch(folder, "before"), -1).returncode == 0
        assert keep(new_scratch(folder, "run"), at).returncode == -signal.SIGKILL
        record = taken(new_scratch(folder, "next"))
        outcomes.add(record is None)
        assert record is None or record["state"] == "state"
        assert keep(new_scratch(folder, "last"), -1).returncode == 0
        assert taken(new_scratch(folder, "after")) is not None
        assert len(list((folder / "kept").iterdir())) == 2
    assert outcomes == ({False} if there_already else {True, False})
