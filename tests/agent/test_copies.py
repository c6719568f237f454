"""Copies of a database are consistent, and the way back is whole or not taken."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from _migration_workflow_agent import copies
from _migration_workflow_agent.copies import (
    LockedError,
    copy_file,
    put_back,
    snapshot,
)


def run(path: Path, *statements: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection, connection:
        rows: list[Any] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows


@pytest.fixture
def database(databases: dict[str, Path]) -> Path:
    path = databases["default"]
    run(path, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")
    return path


class TestSnapshot:
    def test_it_holds_what_the_database_held(self, database: Path, tmp_path: Path) -> None:
        assert snapshot("default", str(tmp_path / "before"))
        run(database, "INSERT INTO t VALUES (2)")
        assert run(tmp_path / "before", "SELECT x FROM t") == [(1,)]

    def test_of_a_database_that_is_not_there_there_is_none(
        self, databases: dict[str, Path], tmp_path: Path
    ) -> None:
        assert not snapshot("default", str(tmp_path / "before"))
        assert not (tmp_path / "before").exists()
        assert not databases["default"].exists()

    def test_of_a_database_with_a_write_ahead_log(self, database: Path, tmp_path: Path) -> None:
        """What was committed is in the log, and not yet in the file."""
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("PRAGMA journal_mode = WAL")
            other.execute("PRAGMA wal_autocheckpoint = 0")
            other.execute("INSERT INTO t VALUES (2)")
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO t VALUES (3)")  # not committed
            assert database.with_name(database.name + "-wal").stat().st_size > 0
            assert snapshot("default", str(tmp_path / "before"))
            other.execute("ROLLBACK")
        assert run(tmp_path / "before", "SELECT x FROM t") == [(1,), (2,)]

    def test_of_one_that_stays_locked_is_given_up(
        self, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(copies, "BUSY_SECONDS", 0.01)
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(LockedError, match=r"^the database stayed locked for 0\.01 sec"):
                snapshot("default", str(tmp_path / "before"))

    def test_one_of_many_pages(
        self, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(copies, "PAGES_AT_ONCE", 2)
        run(database, "INSERT INTO t VALUES (zeroblob(200000))")
        assert snapshot("default", str(tmp_path / "before"))
        assert run(tmp_path / "before", "SELECT length(x) FROM t") == [(1,), (200000,)]


class TestPutBack:
    def test_the_database_is_what_it_was(self, database: Path, tmp_path: Path) -> None:
        snapshot("default", str(tmp_path / "before"))
        run(database, "INSERT INTO t VALUES (2)", "CREATE TABLE half (x)")
        put_back("default", str(tmp_path / "before"))
        assert run(database, "SELECT x FROM t") == [(1,)]
        assert run(database, "SELECT name FROM sqlite_master") == [("t",)]

    def test_whoever_has_it_open_sees_it_too(self, database: Path, tmp_path: Path) -> None:
        snapshot("default", str(tmp_path / "before"))
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("INSERT INTO t VALUES (2)")
            put_back("default", str(tmp_path / "before"))
            assert other.execute("SELECT x FROM t").fetchall() == [(1,)]

    def test_without_a_snapshot_there_was_no_database(self, database: Path, tmp_path: Path) -> None:
        for suffix in ("-journal", "-wal", "-shm"):
            database.with_name(database.name + suffix).touch()
        put_back("default", str(tmp_path / "none"))
        assert list(tmp_path.iterdir()) == []

    def test_one_that_stays_locked_is_left_whole(
        self, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(copies, "BUSY_SECONDS", 0.01)
        snapshot("default", str(tmp_path / "before"))
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("INSERT INTO t VALUES (2)")
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(LockedError):
                put_back("default", str(tmp_path / "before"))
        assert run(database, "SELECT x FROM t") == [(1,), (2,)]


def test_a_file_to_a_file(database: Path, tmp_path: Path) -> None:
    copy_file(str(database), str(tmp_path / "other"))
    assert run(tmp_path / "other", "SELECT x FROM t") == [(1,)]
