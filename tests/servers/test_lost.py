"""A scratch database whose server ends the session: that says nothing of the migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Shop


def add(shop: Shop, sql: str) -> None:
    shop.add_migration(f"migrations.RunSQL({sql!r}, migrations.RunSQL.noop)")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("verb", ["rehearse", "migrate-safe"])
def test_it_is_told_in_one_sentence(verb: str, migrated_shop: Shop) -> None:
    shop = migrated_shop
    add(shop, "SELECT pg_terminate_backend(pg_backend_pid())")
    done = shop.run(verb)
    assert done.code == 3
    assert "the scratch database failed while catalogue.0011_more ran on it, so nothing is" in (
        done.said
    )
    assert "Traceback" not in done.said
    assert "ScratchLostError" not in done.said


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_migration_that_fails_by_itself_is_refused(migrated_shop: Shop) -> None:
    add(migrated_shop, "SELECT 1/0")
    done = migrated_shop.json("rehearse")
    assert (done.code, "DAT201" in done.codes) == (1, True)
