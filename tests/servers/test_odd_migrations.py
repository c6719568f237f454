"""Projects and migrations that do what they had better not: rehearsed all the same, or named."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.engines import socket_folder

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop
    from tests.servers.fixtures import ServerOf

FROM = ("rehearse", "--from", "catalogue.0010", "--verbose")
on_servers = pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def with_code(shop: Shop, code: str, name: str = "0011_more", body: str = "") -> None:
    """Add a migration that runs some code, indented by four."""
    shop.add_migration(
        "migrations.RunPython(code, migrations.RunPython.noop)",
        name=name,
        head=f"def code(apps, schema_editor):\n{code}",
        body=body,
    )


def expect_nothing_left(shop: Shop) -> None:
    look = (
        "from django.db import connection; c = connection.cursor(); c.execute('SELECT datname FROM "
        "pg_database' if connection.vendor == 'postgresql' else 'SHOW DATABASES'); "
        "print([n for n, in c.fetchall() if 'migration_workflow_scratch' in n])"
    )
    assert shop.manage("shell", "-c", look).stdout.strip().endswith("[]")


@on_servers
def test_one_that_prints_sleeps_and_opens_a_connection_of_its_own(shop: Shop) -> None:
    """The connection that it makes of the settings is one to the scratch database."""
    with_code(
        shop,
        """
    import sys, time
    from django.conf import settings
    from django.db.utils import ConnectionHandler
    print("{" * 5000)
    print("to stderr", file=sys.stderr)
    time.sleep(0.01)
    own = ConnectionHandler(settings.DATABASES)["default"]
    assert "scratch" in own.settings_dict["NAME"]
    with own.cursor() as cursor:
        cursor.execute("CREATE TABLE of_its_own (x integer)")
    own.close()
""",
        body="atomic = False",
    )
    done = shop.json(*FROM)
    assert done.code == 0, done.stderr[-3000:]
    look = "from django.db import connection; print(connection.introspection.table_names())"
    assert shop.manage("shell", "-c", look).stdout.strip().endswith("[]")
    expect_nothing_left(shop)


@on_servers
def test_one_that_closes_the_connection(shop: Shop) -> None:
    """Within a transaction that is the migration's own failure; without one it does no harm."""
    with_code(shop, "    schema_editor.connection.close()\n", body="atomic = False")
    assert shop.json(*FROM).code == 0
    if "mysql" in shop.variables["DATABASE_URL"]:
        return  # its migrations are in no transaction
    with_code(shop, "    schema_editor.connection.close()\n")
    refused = shop.json(*FROM)
    assert (refused.code, "DAT206" in refused.codes) == (1, True), refused
    expect_nothing_left(shop)


@on_servers
def test_a_second_database_is_guarded_and_a_router_is_asked(
    shop: Shop, server_of: ServerOf, request: pytest.FixtureRequest
) -> None:
    server = server_of(request.node.callspec.params["database_url"])
    server.run("CREATE DATABASE archive")
    try:
        shop.append(
            "config/settings.py",
            """
            DATABASES["archive"] = {**DATABASES["default"], "NAME": "archive"}
            DATABASE_ROUTERS = ["config.routers.Sessions"]
            """,
        )
        shop.write(
            "config/routers.py",
            """
            class Sessions:
                def allow_migrate(self, db, app_label, **hints):
                    return (db == "archive") == (app_label == "sessions")
            """,
        )
        done = shop.json("test-migrations-clean", "--database", "archive")
        assert done.code == 0, done.stderr[-3000:]
        with_code(
            shop,
            """
    from django.db import connections
    connections["archive"].cursor().execute("CREATE TABLE t (x integer)")
""",
        )
        refused = shop.json("rehearse", "--from", "catalogue.0010", "--to", "catalogue.0011")
        assert (refused.code, "DAT202" in refused.codes) == (1, True), refused.stderr[-3000:]
    finally:
        server.run("DROP DATABASE archive")


@on_postgresql
def test_schemas_extensions_and_unmanaged_models(shop: Shop, server_of: ServerOf) -> None:
    name = shop.variables["DATABASE_URL"].partition("?")[0].rpartition("/")[2]
    shop.append(
        "config/settings.py",
        """
        DATABASES["default"]["OPTIONS"] = {"options": "-c search_path=within,public"}
        MIGRATION_MODULES = {"feedback": "elsewhere.reviews"}
        """,
    )
    shop.run("elsewhere", program=["mkdir"])
    (shop.folder / "reviews/migrations").rename(shop.folder / "elsewhere/reviews")
    shop.write("elsewhere/__init__.py", "")
    shop.append(
        "reviews/models.py",
        """

        class Report(models.Model):
            class Meta:
                managed = False
                db_table = "outside.report"
        """,
    )
    look = "from django.db import connection as c; c.cursor().execute(%r)"
    for sql in (
        "CREATE SCHEMA within",
        'CREATE TABLE public."outside.report" (id bigint)',
        "CREATE EXTENSION citext SCHEMA public",
        f"ALTER DATABASE {name} SET work_mem = '5MB'",
    ):
        shop.manage("shell", "-c", look % sql)
    assert shop.json("makemigrations", "feedback").code == 0
    built = shop.json("migrate-safe")
    assert built.code == 0, built.stderr[-3000:]
    shop.add_migration(
        "migrations.RunSQL('ALTER TABLE within.catalogue_tag ADD COLUMN said citext', "
        "'ALTER TABLE within.catalogue_tag DROP COLUMN said')"
    )
    done = shop.json("migrate-safe")
    assert done.code == 0, done.stderr[-3000:]
    expect_nothing_left(shop)


@pytest.fixture
def small_room() -> Iterator[Path]:
    """A folder for temporary files on a small disk of its own."""
    with socket_folder() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=90m,mode=711", "tmpfs", str(folder)]
        done = subprocess.run(mount, check=False, capture_output=True)
        if done.returncode != 0:
            pytest.skip("mounting is not permitted here: " + done.stderr.decode().strip())
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@on_postgresql
def test_a_full_disk_under_the_scratch_database(
    shop: Shop, database_url: str, server_of: ServerOf, small_room: Path
) -> None:
    """Nothing is known of a migration then, and the report says why."""
    server = server_of("postgresql")
    name = database_url.partition("?")[0].rpartition("/")[2]
    server.run(f"CREATE ROLE {name} LOGIN")
    server.run(f"ALTER DATABASE {name} OWNER TO {name}")
    shop.variables["DATABASE_URL"] = database_url.replace("postgres@", f"{name}@")
    shop.variables["TMPDIR"] = str(small_room)
    with_code(
        shop,
        """
    with schema_editor.connection.cursor() as cursor:
        rows = "SELECT repeat('x', 999) FROM generate_series(1, 99999)"
        # Unlogged: the server ends where it has no room left for its log.
        cursor.execute(f"CREATE UNLOGGED TABLE big AS {rows}")
""",
    )
    done: Run = shop.json(*FROM)
    assert done.code == 3, done.stderr[-3000:]
    assert "No space left on device" in done.said
    assert "so nothing is known of that migration" in done.said
    assert list(small_room.iterdir()) == []
