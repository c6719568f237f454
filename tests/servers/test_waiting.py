"""Somebody else holds what a migration has to lock: it waits for a while, and says for whom."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

COLUMN = 'migrations.AddField("product", "stock", models.IntegerField(null=True))'
INDEX = 'AddIndexConcurrently("product", models.Index(fields=["name"], name="product_name_idx"))'
CONCURRENT_HEAD = "from django.contrib.postgres.operations import AddIndexConcurrently"
INDEXES = """
    SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relname LIKE 'product_name_idx%' OR NOT indisvalid
"""
QUICK = ("lock-seconds = 1", "retry-seconds = 3")
SERVERS = ("postgresql", "postgresql-wheel", "mariadb")

on_servers = pytest.mark.parametrize("database_url", SERVERS, indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", SERVERS[:2], indirect=True)
on_mariadb = pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)


@contextmanager
def session(url: str) -> Iterator[Any]:
    """Open a session of somebody else's, and yield a cursor in its transaction."""
    parts = urlsplit(url)
    socket = parse_qs(parts.query)["host"][0]
    if parts.scheme == "postgresql":
        import psycopg

        with closing(
            psycopg.connect(
                host=socket, user="postgres", dbname=parts.path[1:], application_name="till"
            )
        ) as connection:
            yield connection.cursor()
        return
    import MySQLdb  # type: ignore[import-untyped]

    with closing(MySQLdb.connect(unix_socket=socket, user="root", db=parts.path[1:])) as connection:
        connection.begin()
        yield connection.cursor()


@pytest.fixture
def migrated(migrated_shop: Shop) -> Shop:
    """The example, migrated to the end, with a little patience."""
    migrated_shop.configure(*QUICK)
    return migrated_shop


def with_field(shop: Shop, **how: Any) -> None:
    shop.add_field("stock = models.IntegerField(null=True)")
    shop.add_migration(COLUMN, **how)


def finding(run: Run) -> dict[str, Any]:
    [found] = [
        finding
        for gate in run.document["gates"]
        if gate["name"] == "apply"
        for finding in gate["findings"]
    ]
    return dict(found)


@on_servers
class TestDAT211:
    """A lock that was not to be had in time."""

    def test_who_has_it_is_named(self, migrated: Shop, database_url: str) -> None:
        with_field(migrated)
        with session(database_url) as other:
            other.execute("SELECT count(*), 'secret' FROM catalogue_product")
            refused = migrated.json("migrate-safe")
        assert refused.code == 1, refused.said[-1500:]
        found = finding(refused)
        assert (found["code"], found["migration"]) == ("DAT211", "0011_more")
        assert found["data"]["blocking"], found
        assert "In the way: session " in found["message"]
        assert "secret" not in refused.said
        assert found["data"]["tries"] > 1
        assert migrated.json("migrate-safe").code == 0

    def test_whose_it_is_once_that_one_is_done(self, migrated: Shop, database_url: str) -> None:
        """The other session ends when the first try has failed, and the next one gets the lock."""
        migrated.configure("lock-seconds = 1")
        with_field(migrated)
        with session(database_url) as other:
            other.execute("SELECT count(*) FROM catalogue_product")
            done = at_the_first_pause(migrated, other.connection.rollback)
        assert done == 0
        assert migrated.json("migrate-safe").verdicts()["apply"] == "skipped"


def at_the_first_pause(shop: Shop, do: Callable[[], object]) -> int:
    """Migrate, and do something when the first pause is told of; return the exit code."""
    heard = (
        "from workflow.actions import apply; from workflow import cli; import sys\n"
        "was = apply.describe_progress\n"
        "def describe(event):\n"
        "    if event['doing'] == 'pausing':\n"
        "        print('pausing', flush=True); sys.stdin.readline()\n"
        "    return was(event)\n"
        "apply.describe_progress = describe\n"
        "sys.exit(cli.main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", heard, "migrate-safe", "--output", str(shop.home / "report")],
        cwd=shop.folder,
        env=shop.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "pausing\n"
        do()
        process.communicate("\n" * 100)
    return process.returncode


@on_postgresql
class TestConcurrently:
    def test_an_index_that_was_cut_off_is_built_by_the_next_run(
        self, migrated: Shop, database_url: str
    ) -> None:
        migrated.add_migration(INDEX, head=CONCURRENT_HEAD, body="atomic = False")
        migrated.replace(
            "catalogue/models.py",
            "indexes = [",
            'indexes = [models.Index(fields=["name"], name="product_name_idx"), ',
        )
        with session(database_url) as other:
            other.execute("SELECT count(*) FROM catalogue_product")
            other.execute("UPDATE catalogue_product SET name = name")
            refused = migrated.json("migrate-safe")
            assert refused.code == 1, refused.said[-1500:]
            assert finding(refused)["code"] == "DAT211"
            assert "Nothing of catalogue.0011_more is in the database" in refused.said
        assert migrated.json("migrate-safe").code == 0
        with session(database_url) as other:
            other.execute(INDEXES)
            assert other.fetchall() == [("product_name_idx", True)]


@on_mariadb
def test_what_is_in_of_a_migration_that_was_cut_in_two(migrated: Shop, database_url: str) -> None:
    migrated.add_migration(
        'migrations.RunSQL("CREATE TABLE half (x int)", "DROP TABLE half")',
        'migrations.RunSQL(["CREATE TABLE more (x int)", "ALTER TABLE catalogue_product '
        'ADD COLUMN y int"], "")',
    )
    with session(database_url) as other:
        other.execute("SELECT count(*) FROM catalogue_product")
        refused = migrated.json("migrate-safe")
    found = finding(refused)
    assert found["code"] == "DAT211"
    assert (
        "catalogue.0011_more is half applied and not recorded: in the database is operation 1 (Raw "
        "SQL operation); and of operation 2 (Raw SQL operation), 1 statement that came before the "
        "failure."
    ) in found["message"]
    assert found["data"]["done"] == ["CREATE TABLE half (x int)", "CREATE TABLE more (x int)"]
    assert "manage.py sqlmigrate catalogue 0011_more" in found["fix"]
    assert "say so: migration-workflow recover. A session" in found["fix"]
    assert "un again" not in found["fix"]


@on_mariadb
def test_half_a_migration_leads_to_what_is_not_refused(migrated: Shop) -> None:
    """To run again is: what DAT204 says is what HIS113 would say then."""
    migrated.add_migration(
        'migrations.RunSQL("CREATE TABLE half (x int)", "DROP TABLE half")',
        "migrations.RunPython(code, back)",
        head=(
            "def code(apps, schema_editor):\n"
            "    schema_editor.connection.cursor().execute('CREATE TABLE more (x int)')\n"
            "    assert 'scratch' in schema_editor.connection.settings_dict['NAME']\n"
            "def back(apps, schema_editor):\n"
            "    schema_editor.connection.cursor().execute('DROP TABLE more')\n"
        ),
    )
    found = finding(migrated.json("migrate-safe"))
    assert found["code"] == "DAT204"
    assert (
        "in the database is operation 1 (Raw SQL operation); and of operation 2 (Raw Python "
        "operation), 1 statement that came before the failure."
    ) in found["message"]
    assert "Run again" not in found["fix"]
    again = migrated.json("migrate-safe")
    (cut_off,) = (
        one
        for gate in again.document["gates"]
        for one in gate["findings"]
        if one["code"] == "HIS113"
    )
    assert again.code == 1
    assert (
        "In the database: operation 1 (Raw SQL operation); CREATE TABLE half (x int); CREATE TABLE "
        "more (x int). In it or not: the rest of Raw Python operation."
    ) in cut_off["message"]
    assert found["fix"].endswith(cut_off["fix"])
    assert cut_off["fix"].endswith("When that is done, say so: migration-workflow recover")
    assert migrated.json("recover", "--yes").code == 0
    assert "HIS113" not in migrated.json("pre-check").codes


@on_postgresql
@pytest.mark.parametrize(
    "half",
    [
        "migrations.RunSQL('BEGIN; CREATE TABLE half (x int); COMMIT;', 'DROP TABLE half')",
        "migrations.RunPython(code, migrations.RunPython.noop)",
    ],
    ids=["sql", "code"],
)
def test_what_is_in_of_a_migration_that_ended_its_transaction(
    migrated: Shop, database_url: str, half: str
) -> None:
    """What came before the COMMIT stays; what came after it was taken back by the server."""
    head = (
        "def code(apps, schema_editor):\n"
        "    schema_editor.execute('CREATE TABLE half (x int)')\n"
        "    schema_editor.execute('COMMIT')\n"
    )
    after = 'migrations.RunSQL("CREATE TABLE gone (x int)", "DROP TABLE gone")'
    migrated.add_migration(
        half,
        after,
        'migrations.RunSQL("ALTER TABLE catalogue_product ADD COLUMN y int", "")',
        head=head,
    )
    with session(database_url) as other:
        other.execute("SELECT count(*) FROM catalogue_product")
        refused = migrated.json("migrate-safe")
    found = finding(refused)
    assert found["code"] == "DAT211", found
    assert "catalogue.0011_more is half applied and not recorded" in found["message"]
    assert "CREATE TABLE half" in found["data"]["done"][0]
    with session(database_url) as other:
        other.execute("SELECT to_regclass('half') IS NOT NULL, to_regclass('gone') IS NULL")
        assert other.fetchone() == (True, True)
    assert "HIS113" in migrated.json("pre-check").codes
