"""Runs every case on one engine, in a process of its own, and returns what was observed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import django

from tests.evidence.cases import CASES, Case

if TYPE_CHECKING:
    from tests.servers.engines import Server

PROGRAM = Path(__file__).with_name("run_cases.py")
SECONDS = 300

Row = Mapping[str, Any]


class Observed(NamedTuple):
    """What one engine showed. ``rows``: the evidence by the name of the case."""

    engine: str
    rows: Mapping[str, Row]


def sqlite_in(folder: Path) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "evidence.sqlite3")}


def database_on(server: Server) -> dict[str, Any]:
    """Return a server's database as an entry of DATABASES."""
    backend, user = {"postgresql": ("postgresql", "postgres"), "mariadb": ("mysql", "root")}[
        server.vendor
    ]
    return {
        "ENGINE": f"django.db.backends.{backend}",
        "NAME": "evidence",
        "USER": user,
        "HOST": str(server.socket),
    }


def observe(folder: Path, database: Mapping[str, Any], vendor: str) -> Observed:
    """Run every case that is for the vendor, in one process."""
    cases = [case for case in CASES if seen_on(case, vendor) is not None]
    for case in cases:
        write_app(folder, case)
    order = {
        "folder": str(folder),
        "database": database,
        "apps": [case.name for case in cases],
        "postgresql": vendor == "postgresql",
    }
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return Observed(answer["engine"], {row["app"]: row for row in answer["rows"]})


def write_app(folder: Path, case: Case) -> None:
    migrations = folder / case.name / "migrations"
    migrations.mkdir(parents=True)
    for empty in (migrations / "__init__.py", migrations.parent / "__init__.py"):
        empty.touch()
    for name, text in case.files().items():
        (migrations / f"{name}.py").write_text(text, encoding="utf-8")


def seen_on(case: Case, engine: str) -> Any:
    """Return what must be seen on an engine, ``None`` where the case is not for it."""
    if "db_default" in case.operations and django.VERSION < (5, 0):
        return None
    vendor = engine.removesuffix("-wheel")
    return case.seen.get(engine, case.seen.get(vendor))


def short(row: Row, name: str) -> str:
    """Return a relation's name without the app's label, and without what Django makes unique."""
    return re.sub(r"_[0-9a-f]{8}(?=_|$)", "", name.removeprefix(f"{row['app']}_"))
