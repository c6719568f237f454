"""Connections are pointed elsewhere for a while, and always back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _migration_workflow_agent.scratch import (
    OtherDatabaseError,
    forget,
    mail_kept,
    others_guarded,
    pointed,
    renamed,
    schema_connection,
)
from django.conf import settings
from django.db import connections
from django.test import override_settings


def write(alias: str, statement: str = "CREATE TABLE t (x)") -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)


class TestRenamed:
    def test_an_alias_means_another_file(self, databases: dict[str, Path], tmp_path: Path) -> None:
        with renamed("default", str(tmp_path / "scratch")) as connection:
            assert connection is connections["default"]
            assert settings.DATABASES["default"]["NAME"] == str(tmp_path / "scratch")
            write("default")
        assert (tmp_path / "scratch").exists()
        assert not databases["default"].exists()

    @pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
    def test_and_its_own_again_whatever_happens(
        self, databases: dict[str, Path], tmp_path: Path, error: type[BaseException]
    ) -> None:
        with pytest.raises(error), renamed("default", str(tmp_path / "scratch")):
            raise error
        for place in (connections["default"].settings_dict, settings.DATABASES["default"]):
            assert place["NAME"] == databases["default"]
        write("default")
        assert databases["default"].exists()

    def test_the_other_alias_stays(self, databases: dict[str, Path], tmp_path: Path) -> None:
        with renamed("default", str(tmp_path / "scratch")):
            write("other")
        assert databases["other"].exists()


class TestPointed:
    def test_other_settings_hold_for_a_while(self) -> None:
        connection = connections["default"]
        before = dict(connection.settings_dict)
        changes = {"NAME": ":memory:", "HOST": "elsewhere", "OPTIONS": {}, "MORE": True}
        with pointed("default", changes):
            for place in (connection.settings_dict, settings.DATABASES["default"]):
                assert {name: place[name] for name in changes} == changes
        assert connection.settings_dict == before
        assert settings.DATABASES["default"] == before

    def test_what_was_learned_of_a_server_is_forgotten(self) -> None:
        connection = connections["default"]
        _ = connection.features.supports_json_field
        with pointed("default", {"NAME": ":memory:"}):
            assert "supports_json_field" not in vars(connection.features)
            _ = connection.features.supports_json_field
        assert "supports_json_field" not in vars(connection.features)


class TestSchemaConnection:
    def test_a_database_that_is_there_is_used(self) -> None:
        with schema_connection("default", exists=True) as connection:
            assert connection is connections["default"]
            assert connection.settings_dict["NAME"] != ":memory:"

    def test_one_that_is_not_is_not_made(self, databases: dict[str, Path]) -> None:
        with schema_connection("default", exists=False) as connection:
            connection.ensure_connection()
        assert not databases["default"].exists()


class TestOthersGuarded:
    @pytest.mark.parametrize(
        "statement",
        ["CREATE TABLE t (x)", "INSERT INTO t VALUES (1)", "  drop table t", "(DELETE FROM t)"],
    )
    def test_a_write_elsewhere_is_refused(self, statement: str) -> None:
        message = r"^it writes to the database 'other': "
        with others_guarded("default"), pytest.raises(OtherDatabaseError, match=message):
            write("other", statement)

    @pytest.mark.parametrize(
        "statement", ["SELECT 1", "  select 1", "PRAGMA user_version", "EXPLAIN SELECT 1"]
    )
    def test_a_read_elsewhere_is_not(self, statement: str) -> None:
        with others_guarded("default"):
            write("other", statement)

    def test_writes_here_are_not(self, databases: dict[str, Path]) -> None:
        with others_guarded("default"):
            write("default")
        assert databases["default"].exists()

    def test_nor_by_another_alias_of_the_same_database(self, databases: dict[str, Path]) -> None:
        connections["other"].settings_dict["NAME"] = databases["default"]
        with others_guarded("default"):
            write("other")

    def test_afterwards_everything_may_be_written(self) -> None:
        with others_guarded("default"):
            pass
        write("other")

    def test_a_long_statement_is_cut(self) -> None:
        with others_guarded("default"), pytest.raises(OtherDatabaseError) as caught:
            write("other", "INSERT INTO t VALUES ('" + "x" * 1000 + "')")
        assert len(str(caught.value)) < 300


@pytest.fixture(params=[False, True], ids=["one backend", "mailers"])
def mail_settings(request: pytest.FixtureRequest) -> Iterator[Callable[[], dict[str, Any]]]:
    """Where mail goes, as Django up to 6.0 and as Django from 6.1 on is told."""
    with override_settings():
        if request.param:
            settings.MAILERS = {"default": {"BACKEND": "a"}, "bulk": {"BACKEND": "b"}}
        yield lambda: {
            name: getattr(settings, name)
            for name in ("EMAIL_BACKEND", "MAILERS")
            if hasattr(settings, name)
        }


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("error", [None, ZeroDivisionError])
def test_mail_is_kept_and_the_backend_comes_back(
    mail_settings: Callable[[], dict[str, Any]], error: type[Exception] | None
) -> None:
    from django.core import mail

    before = mail_settings()
    mail.outbox = []
    try:
        with mail_kept():
            mail.send_mail("s", "b", "a@example.org", ["b@example.org"])
            if error is not None:
                raise error
    except ZeroDivisionError:
        pass
    assert len(mail.outbox) == 1
    assert before == mail_settings()


def test_a_file_is_forgotten_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal", "-mine"):
        (tmp_path / f"db{suffix}").touch()
    forget(str(tmp_path / "db"))
    forget(str(tmp_path / "db"))
    assert [path.name for path in tmp_path.iterdir()] == ["db-mine"]
