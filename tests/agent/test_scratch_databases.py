"""Scratch databases: an alias means a copy, or an empty database, for a while."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _migration_workflow_agent.copies import SNAPSHOT
from _migration_workflow_agent.kept import shelf_of
from _migration_workflow_agent.scratch_databases import ScratchDatabases

from tests.agent.test_copies import run


@pytest.fixture
def database(databases: dict[str, Path]) -> Path:
    path = databases["default"]
    run(path, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")
    return path


def scratch(folder: Path) -> Any:
    return ScratchDatabases(str(folder), "/project")


class TestCopy:
    def test_the_alias_means_the_copy_for_a_while(self, database: Path, tmp_path: Path) -> None:
        from django.conf import settings
        from django.db import connections

        with scratch(tmp_path).copy("default") as connection:
            assert connection is connections["default"]
            assert settings.DATABASES["default"]["NAME"] == str(tmp_path / "copy.sqlite3")
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO t VALUES (2)")
                cursor.execute("SELECT x FROM t")
                assert cursor.fetchall() == [(1,), (2,)]
        assert settings.DATABASES["default"]["NAME"] == database
        assert run(database, "SELECT x FROM t") == [(1,)]
        assert not (tmp_path / "copy.sqlite3").exists()
        assert run(tmp_path / SNAPSHOT, "SELECT x FROM t") == [(1,)]

    def test_the_alias_means_its_database_again_after_an_error(
        self, database: Path, tmp_path: Path
    ) -> None:
        from django.db import connections

        with pytest.raises(ZeroDivisionError), scratch(tmp_path).copy("default"):
            raise ZeroDivisionError
        assert connections["default"].settings_dict["NAME"] == database
        assert not (tmp_path / "copy.sqlite3").exists()

    def test_a_missing_database_is_copied_as_an_empty_one(self, tmp_path: Path) -> None:
        with scratch(tmp_path).copy("default") as connection, connection.cursor() as cursor:
            assert connection.introspection.table_names(cursor) == []
        assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_empty_and_goes_away(database: Path, tmp_path: Path) -> None:
    with scratch(tmp_path).empty("default") as connection, connection.cursor() as cursor:
        assert connection.introspection.table_names(cursor) == []
        cursor.execute("CREATE TABLE other (x)")
    assert [path.name for path in tmp_path.iterdir()] == [database.name]
    assert run(database, "SELECT name FROM sqlite_master") == [("t",)]


def test_nobody_waits_for_the_disk_where_a_database_grows(database: Path, tmp_path: Path) -> None:
    from django.db import connections

    def level(alias: str) -> int:
        with connections[alias].cursor() as cursor:
            cursor.execute("PRAGMA synchronous")
            found: int = cursor.fetchone()[0]
        return found

    off, full = 0, 2
    databases = scratch(tmp_path)
    with databases.grown("default", shelf_of(databases, "default")) as connection:
        assert level("default") == off
        connection.close()  # as a migration may
        assert level("default") == off
        assert level("other") == full
    assert level("default") == full
    with databases.copy("default"):  # there times are evidence
        assert level("default") == full
