"""The whole workflow on PostgreSQL and MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.engines import ENGINES

if TYPE_CHECKING:
    from tests.e2e.shop import Shop
    from tests.servers.conftest import MakeShop

SCRATCH = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute(
        "SELECT datname FROM pg_database" if connection.vendor == "postgresql" else "SHOW DATABASES"
    )
    print([name for name, in cursor.fetchall() if "scratch" in name])
"""


@pytest.mark.parametrize("database_url", ENGINES[1:], indirect=True)
def test_the_daily_path_passes_and_leaves_no_scratch_database(shop: Shop) -> None:
    built = shop.json("migrate-safe")
    assert built.code == 0, built
    assert built.verdicts()["rehearsal"] == built.verdicts()["verify"] == "passed"

    shop.manage("seed")
    shop.add_field()
    drafted = shop.json("makemigrations", "--name", "product_colour")
    assert drafted.code == 0, drafted
    assert (shop.folder / "catalogue/migrations/0011_product_colour.py").is_file()

    assert shop.json("migrate-safe").code == 0
    again = shop.json("migrate-safe")
    assert again.verdicts()["rehearsal"] == "skipped"

    clean = shop.json("test-migrations-clean")
    assert clean.code == 0, clean
    assert shop.manage("shell", "-c", SCRATCH).stdout.strip().endswith("[]")

    shop.add_migration(
        "migrations.RunPython(fail)",
        name="0012_fail",
        after="0011_product_colour",
        head="""
        def fail(apps, schema_editor):
            apps.get_model("catalogue", "Tag").objects.create(name="never kept")
            raise ValueError("no")
        """,
    )
    refused = shop.json("migrate-safe")
    assert refused.code == 1
    assert "DAT201" in refused.codes
    count = 'from catalogue.models import Tag; print(Tag.objects.filter(name="never kept").count())'
    assert shop.manage("shell", "-c", count).stdout.strip().endswith("0")
    assert shop.manage("shell", "-c", SCRATCH).stdout.strip().endswith("[]")


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_a_socket_that_is_named_in_the_options_is_used(database_url: str, on: MakeShop) -> None:
    assert on(database_url).json("migrate-safe").code == 0

    shop = on(database_url.replace("@/", "@localhost/").replace("?host=", "?unix_socket="))
    shop.add_field()
    assert shop.json("makemigrations").code == 0
    assert shop.json("migrate-safe").code == 0
    assert shop.manage("shell", "-c", SCRATCH).stdout.strip().endswith("[]")
