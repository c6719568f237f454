"""Every case, run once on each engine by each process of tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest

from tests.evidence.cases import CASES, Case
from tests.servers.fixtures import ServerOf, server_of

if TYPE_CHECKING:
    from tests.servers.engines import Server

__all__ = ["server_of"]

PROGRAM = Path(__file__).with_name("run_cases.py")
SECONDS = 300

Row = Mapping[str, Any]
EvidenceOf = Callable[[str], Mapping[str, Row]]


@pytest.fixture(scope="session")
def evidence_of(server_of: ServerOf, tmp_path_factory: pytest.TempPathFactory) -> EvidenceOf:
    """Return the rows of evidence that an engine gave, by the name of the case."""

    @cache
    def evidence_of(engine: str) -> Mapping[str, Row]:
        folder = tmp_path_factory.mktemp(engine)
        if engine == "sqlite":
            return observe(folder, sqlite_in(folder), "sqlite")
        server = server_of(engine)
        server.run("CREATE DATABASE evidence")
        return observe(folder, database_on(server), server.vendor)

    return evidence_of


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


def observe(folder: Path, database: Mapping[str, Any], vendor: str) -> dict[str, Row]:
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
    return {row["app"]: row for row in json.loads(done.stdout)}


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
