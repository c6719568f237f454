"""After each migration the tables have to be what they were after it in the rehearsal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.test_turns import recorded
from tests.servers.test_waiting import COLUMN, QUICK, finding, on_servers, session

if TYPE_CHECKING:
    from tests.e2e.shop import Shop

ELSEWHERE = """
def code(apps, schema_editor):
    if "scratch" not in str(schema_editor.connection.settings_dict["NAME"]):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute({!r})
"""
RUN = "migrations.RunPython(code, migrations.RunPython.noop)"
NEXT = {"name": "0012_stock", "after": "0011_more"}


@pytest.fixture
def migrated(migrated_shop: Shop) -> Shop:
    """The example, migrated to the end, with a field that a second pending migration adds."""
    shop = migrated_shop
    shop.configure(*QUICK)
    shop.add_field("stock = models.IntegerField(null=True)")
    shop.add_migration(COLUMN, **NEXT)
    return shop


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("CREATE TABLE surprise (x integer)", "surprise was changed"),
        ("ALTER TABLE catalogue_tag ADD COLUMN y integer", "catalogue_tag was changed"),
        ("ALTER TABLE catalogue_tag ADD CHECK (name <> 'x')", "catalogue_tag was changed"),
    ],
)
@on_servers
def test_nothing_follows_the_first_that_did_something_else(
    migrated: Shop, statement: str, table: str
) -> None:
    migrated.add_migration(RUN, head=ELSEWHERE.format(statement))
    refused = migrated.json("migrate-safe")
    found = finding(refused)
    assert found["code"] == "DAT203"
    assert found["message"].startswith(
        "Stopped: after catalogue.0011_more the database is not what it was after it in the "
        f"rehearsal ({table})."
    )
    names = recorded(migrated)
    assert ("catalogue.0011_more" in names, "catalogue.0012_stock" in names) == (True, False)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_is_put_back(migrated: Shop) -> None:
    head = ELSEWHERE.format("CREATE TABLE surprise (x integer)")
    migrated.add_migration(RUN, head=head.replace('"scratch"', '"copy"'), body="atomic = False")
    refused = migrated.json("migrate-safe")
    found = finding(refused)
    assert found["message"].startswith("Not applied: after catalogue.0011_more the database")
    assert "catalogue.0011_more" not in recorded(migrated)


@on_servers
def test_silent_for_what_a_dump_writes_in_other_words(migrated: Shop, database_url: str) -> None:
    """A check that was restored from a dump has other casts and parentheses."""
    with session(database_url) as other:
        other.execute(
            "ALTER TABLE catalogue_product ADD CONSTRAINT named "
            "CHECK (name IN ('a', 'b') OR name <> 'c')"
        )
        other.connection.commit()
        migrated.add_migration(
            'migrations.AddField("product", "size", models.IntegerField(null=True))'
        )
        migrated.add_field("size = models.IntegerField(null=True)")
        done = migrated.json("migrate-safe")
    assert done.code == 0, done.said[-1500:]
    assert "catalogue.0012_stock" in recorded(migrated)
