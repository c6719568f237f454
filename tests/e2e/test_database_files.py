"""Database files that are locked, missing, corrupt or somewhere else."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Shop

VERBS = ("enforce-dev-environment", "pre-check", "makemigrations", "migrate-safe")
IMPATIENT = "\nDATABASES['default']['OPTIONS'] = {'timeout': 0.05}\n"
ADD_STOCK = 'migrations.AddField("product", "stock", models.IntegerField(null=True))'


def with_stock(shop: Shop) -> None:
    """A pending migration that the models agree with."""
    shop.add_migration(ADD_STOCK)
    shop.add_field("stock = models.IntegerField(null=True)")


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(shop: Shop, begin: str) -> Iterator[None]:
    """Let another process hold a lock: this one would lose it by reading the file itself."""
    argv = [sys.executable, "-c", HOLD, str(shop.database), begin]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


@pytest.mark.parametrize("verb", VERBS)
def test_a_locked_database(verb: str, shop: Shop) -> None:
    shop.append("config/settings.py", IMPATIENT)
    shop.add_field()
    before = shop.tree()
    with held(shop, "BEGIN EXCLUSIVE"):
        done = shop.run(verb)
    assert done.code == 3, done
    assert "the database 'default'" in done.said
    assert "database is locked" in done.said
    assert shop.new_files(before) == []


def test_a_writer_at_work_lets_nobody_migrate(shop: Shop) -> None:
    """Somebody writes: it can be read, and copied, and rehearsed, and not be applied."""
    shop.append("config/settings.py", IMPATIENT)
    shop.configure("lock-seconds = 0.1", "retry-seconds = 0.2")
    with_stock(shop)
    before = shop.tree()
    with held(shop, "BEGIN IMMEDIATE"):
        done = shop.json("migrate-safe")
    assert done.code == 1, done
    assert done.verdicts()["rehearsal"] == "passed"
    assert "DAT211" in done.codes
    assert "it is as it was before" in done.stdout
    assert shop.new_files(before) == []


def test_a_missing_database_is_not_made_by_looking(shop: Shop) -> None:
    shop.database.unlink()
    before = shop.tree()
    for verb in ("enforce-dev-environment", "pre-check", "validate-migrations", "makemigrations"):
        done = shop.run(verb)
        assert done.code == 0, done
        assert shop.new_files(before) == []
    assert "not there yet" in shop.run("enforce-dev-environment", "--verbose").said


def test_a_draft_needs_no_database_file(shop: Shop) -> None:
    shop.database.unlink()
    shop.add_field()
    done = shop.run("makemigrations")
    assert done.code == 0, done
    assert 'ALTER TABLE "catalogue_product"' in done.said or "CREATE TABLE" in done.said
    assert not shop.database.exists()


def test_a_failed_first_migration_leaves_no_database_file(shop: Shop) -> None:
    shop.database.unlink()
    shop.add_migration(
        "migrations.RunPython(once)",
        head="""
        def once(apps, schema_editor):
            if os.path.exists("flag"):
                raise ValueError("the second time")
            open("flag", "w").close()
        """,
    )
    done = shop.run("migrate-safe")
    assert done.code == 1, done
    assert "DAT204" in done.said
    assert "put back" in done.said
    assert not shop.database.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_a_database_in_a_missing_folder(verb: str, shop: Shop) -> None:
    shop.write(".env", "DATABASE_URL=sqlite:///no/such/folder/db.sqlite3\n")
    before = shop.tree()
    done = shop.run(verb)
    assert done.code == 3, done
    assert "its folder does not exist" in done.said
    assert "no/such/folder" in done.said
    assert shop.new_files(before) == []


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "content",
    [b"not a database, but long enough to be one" * 100, b"SQLite format 3\0" + b"\1" * 9000],
)
def test_a_corrupt_database(verb: str, content: bytes, shop: Shop) -> None:
    shop.database.write_bytes(content)
    before = shop.tree()
    done = shop.run(verb)
    assert done.code == 3, done
    assert "the database 'default'" in done.said
    assert "not a database" in done.said or "malformed" in done.said
    assert shop.new_files(before) == []


def test_a_database_that_is_corrupt_further_in(shop: Shop) -> None:
    """The first pages are sound, so only reading the rows finds it."""
    with_stock(shop)
    content = bytearray(shop.database.read_bytes())
    for page in range(8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    shop.database.write_bytes(content)
    before = shop.tree()
    done = shop.run("migrate-safe")
    assert done.code in {1, 3}, done
    assert "malformed" in done.said
    assert shop.new_files(before) == []


def test_an_empty_file_is_an_empty_database(shop: Shop) -> None:
    shop.database.write_bytes(b"")
    done = shop.run("migrate-safe")
    assert done.code == 0, done
    assert ("catalogue", "0010_product_status_price_idx") in shop.applied()


def test_a_folder_is_no_database(shop: Shop) -> None:
    shop.database.unlink()
    shop.database.mkdir()
    done = shop.run("migrate-safe")
    assert done.code == 3, done
    assert "unable to open database file" in done.said


def test_a_database_in_memory_can_be_drafted_for(shop: Shop) -> None:
    shop.write(".env", "DATABASE_URL=sqlite:///:memory:\n")
    shop.add_field()
    done = shop.run("makemigrations")
    assert done.code == 0, done


def test_another_alias(shop: Shop) -> None:
    shop.append(
        "config/settings.py",
        "DATABASES['other'] = {**DATABASES['default'], 'NAME': BASE_DIR / 'other.sqlite3'}\n",
    )
    before = shop.database.read_bytes()
    done = shop.run("migrate-safe", "--database", "other")
    assert done.code == 0, done
    other = shop.folder / "other.sqlite3"
    assert shop.query("SELECT count(*) FROM catalogue_product", other) == [(0,)]
    assert shop.database.read_bytes() == before


def test_a_database_with_a_write_ahead_log(shop: Shop) -> None:
    """Rows that are still in the log are part of the snapshot, and the mode stays."""
    with_stock(shop)
    with closing(sqlite3.connect(shop.database)) as other:
        assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        other.execute("PRAGMA wal_autocheckpoint = 0")
        with other:
            other.execute("INSERT INTO catalogue_tag (name) VALUES ('in the log')")
        done = shop.run("migrate-safe")
        assert done.code == 0, done
    assert shop.query("PRAGMA journal_mode") == [("wal",)]
    assert shop.query("SELECT count(*) FROM catalogue_tag WHERE name = 'in the log'") == [(1,)]
    assert ("catalogue", "0011_more") in shop.applied()


def test_whoever_has_a_write_ahead_log_open_lets_nobody_migrate_step_by_step(shop: Shop) -> None:
    """A snapshot that is put back would take away what they write meanwhile."""
    shop.configure("lock-seconds = 0.1", "retry-seconds = 0.2")
    shop.append("config/settings.py", IMPATIENT)
    with_stock(shop)
    shop.add_migration(name="0012_more", after="0011_more", body="atomic = False")
    shop.query("PRAGMA journal_mode = WAL")
    before, applied = shop.dump(), shop.applied()
    with closing(sqlite3.connect(shop.database)) as other:
        other.execute("SELECT count(*) FROM catalogue_tag").fetchall()
        done = shop.json("migrate-safe")
        assert done.code == 1, done
        assert "DAT211" in done.codes
        assert "it is as it was before" in done.stdout
        with other:  # and is not kept out
            other.execute("INSERT INTO catalogue_tag (name) VALUES ('meanwhile')")
    assert shop.applied() == applied
    assert all("catalogue_tag" in line for line in set(shop.dump()) - set(before))
    done = shop.run("migrate-safe")
    assert done.code == 0, done
    assert shop.query("SELECT count(*) FROM catalogue_tag WHERE name = 'meanwhile'") == [(1,)]


def test_a_symbolic_link_to_a_database_stays_one(shop: Shop) -> None:
    with_stock(shop)
    elsewhere = shop.folder.parent / "elsewhere.sqlite3"
    shop.database.rename(elsewhere)
    shop.database.symlink_to(elsewhere)
    done = shop.run("migrate-safe")
    assert done.code == 0, done
    assert shop.database.is_symlink()
    assert ("catalogue", "0011_more") in shop.applied()
