"""Indexes that a cut-off build has left on PostgreSQL are named before anything is built on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.test_waiting import on_postgresql, session

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

BUILD = "CREATE UNIQUE INDEX CONCURRENTLY {} ON catalogue_product ((true))"
BUILDING = "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'"


@pytest.fixture
def shop(migrated_shop: Shop) -> Shop:
    """The example, migrated, with rows."""
    migrated_shop.manage("seed")
    return migrated_shop


def build(url: str, index: str) -> None:
    """Build an index. It fails where rows are in the way, and stays behind."""
    import psycopg

    with session(url) as other:
        other.connection.autocommit = True
        with pytest.raises(psycopg.errors.UniqueViolation):
            other.execute(BUILD.format(index))


def of_indexes(run: Run) -> list[dict[str, Any]]:
    gates = run.document["gates"]
    return [one for gate in gates for one in gate["findings"] if one["code"] == "DRF107"]


@on_postgresql
class TestDRF107:
    def test_what_is_left_is_named_with_what_mends_it(self, shop: Shop, database_url: str) -> None:
        build(database_url, '"by length"')
        done = shop.json("pre-check")
        [found] = of_indexes(done)
        assert (done.code, found["severity"]) == (0, "warning")
        assert found["data"] == {"index": 'public."by length"', "table": "catalogue_product"}
        assert 'REINDEX INDEX CONCURRENTLY public."by length"; or drop it' in found["fix"]
        assert 'DROP INDEX CONCURRENTLY public."by length".' in found["fix"]
        assert shop.json("pre-check", "--strict").code == 1
        with session(database_url) as other:
            other.connection.autocommit = True
            other.execute('DROP INDEX CONCURRENTLY public."by length"')
        assert of_indexes(shop.json("pre-check")) == []

    def test_what_postgresql_named_itself_is_only_dropped(
        self, shop: Shop, database_url: str
    ) -> None:
        build(database_url, "by_length_ccnew")
        [found] = of_indexes(shop.json("pre-check"))
        assert found["fix"].startswith("Drop it: DROP INDEX CONCURRENTLY public.by_length_ccnew.")

    def test_silent_for_one_that_is_being_built(self, shop: Shop, database_url: str) -> None:
        """It waits for a transaction of somebody's that has the table in use."""
        with session(database_url) as using, session(database_url) as looking:
            using.execute("UPDATE catalogue_product SET name = name")
            building = threading.Thread(target=build, args=(database_url, "by_length"))
            building.start()
            looking.connection.autocommit = True
            while looking.execute(BUILDING).fetchone() == (0,):
                assert building.is_alive()
            assert of_indexes(shop.json("pre-check")) == []
            using.connection.rollback()
            building.join()
        assert len(of_indexes(shop.json("pre-check"))) == 1

    def test_silent_without_one(self, shop: Shop) -> None:
        assert of_indexes(shop.json("pre-check")) == []
