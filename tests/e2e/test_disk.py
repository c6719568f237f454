"""Trees that can't be written and disks that are full: nothing is lost and nothing is left."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import MakeShop
    from tests.e2e.shop import Shop

POWERLESS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
"""Takes from root what lets it write into folders that say no."""


@pytest.fixture(scope="session")
def powerless() -> tuple[str, ...]:
    """What to put before a command so that permissions hold for it."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root needs setpriv to have permissions hold for it")
    done = subprocess.run([*POWERLESS, "true"], check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip("this container may not give up capabilities")
    return POWERLESS


@pytest.fixture
def protect() -> Iterator[Callable[[Path], None]]:
    """Take the right to write from a file, or from a folder with all in it."""
    modes: list[tuple[Path, int]] = []

    def take(path: Path) -> None:
        for each in (path, *path.rglob("*")):
            mode = each.stat().st_mode
            modes.append((each, mode))
            each.chmod(mode & ~0o222)

    yield take
    for each, mode in modes:
        each.chmod(mode)


Protect = Callable[[Path], None]


def test_a_read_only_tree_is_refused(
    shop: Shop, protect: Protect, powerless: tuple[str, ...]
) -> None:
    shop.add_field()
    before = shop.tree()
    protect(shop.folder)
    done = shop.run("makemigrations", before=powerless)
    assert done.code == 1, done
    assert "ENV104 error" in done.said
    assert "The folder catalogue/migrations can't be written by this user" in done.said
    assert shop.new_files(before) == []


def test_a_read_only_migrations_folder_is_refused(
    shop: Shop, protect: Protect, powerless: tuple[str, ...]
) -> None:
    shop.add_field()
    before = shop.tree()
    protect(shop.folder / "catalogue/migrations")
    done = shop.json("makemigrations", before=powerless)
    assert done.codes == ["ENV104"]
    assert shop.new_files(before) == []


def test_a_read_only_app_cannot_get_its_first_migrations_folder(
    shop: Shop, protect: Protect, powerless: tuple[str, ...]
) -> None:
    shop.write("blog/__init__.py", "")
    shop.write(
        "blog/models.py",
        "from django.db import models\n\n\nclass Entry(models.Model):\n    pass\n",
    )
    shop.replace("config/settings.py", '    "reviews",\n', '    "reviews",\n    "blog",\n')
    shop.add_field()
    before = shop.tree()
    protect(shop.folder / "blog")
    done = shop.run("makemigrations", "blog", "catalogue", before=powerless)
    assert done.code in {1, 3}, done
    assert "blog" in done.said
    assert shop.new_files(before) == []


def test_a_read_only_tree_can_be_looked_at(
    shop: Shop, protect: Protect, powerless: tuple[str, ...]
) -> None:
    before = shop.tree()
    protect(shop.folder)
    for verb in ("enforce-dev-environment", "pre-check", "validate-migrations"):
        done = shop.run(verb, before=powerless)
        assert done.code == 0, done
    assert shop.new_files(before) == []


def test_no_rehearsal_without_room_for_a_copy(
    shop: Shop, protect: Protect, powerless: tuple[str, ...]
) -> None:
    shop.add_migration()
    before = shop.tree()
    protect(shop.folder)
    done = shop.run("migrate-safe", before=powerless)
    assert done.code == 3, done
    assert "no scratch files can be written below" in done.said
    assert shop.new_files(before) == []


def test_a_read_only_database_is_as_it_was(
    shop: Shop, protect: Protect, powerless: tuple[str, ...]
) -> None:
    shop.add_migration(ADD_STOCK)
    shop.add_field("stock = models.IntegerField(null=True)")
    before = shop.tree()
    protect(shop.database)
    done = shop.run("migrate-safe", before=powerless)
    assert done.code == 3, done
    assert "readonly database" in done.said
    assert shop.new_files(before) == []


ADD_STOCK = 'migrations.AddField("product", "stock", models.IntegerField(null=True))'


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[Path, int], None]]:
    """Mount a file system of a few KiB on a folder; what is in the folder moves there."""
    mounted = []

    def mount(folder: Path, kib: int) -> None:
        kept = tmp_path / "kept"
        folder.rename(kept)
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=755", "tmpfs", str(folder)],
            check=False,
            capture_output=True,
        )
        if done.returncode != 0:
            pytest.skip("mounting is not permitted here: " + done.stderr.decode().strip())
        mounted.append(folder)
        shutil.copytree(kept, folder, dirs_exist_ok=True)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Leave no free byte on the disk under a folder."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (4096, 512, 64, 1):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)


SmallDisk = Callable[[Path, int], None]


def kib(folder: Path) -> int:
    return sum(path.stat().st_size // 1024 + 8 for path in folder.rglob("*"))


def test_a_full_disk_under_the_migrations_leaves_nothing(shop: Shop, small_disk: SmallDisk) -> None:
    shop.add_field()
    folder = shop.folder / "catalogue/migrations"
    small_disk(folder, kib(folder))
    fill(folder)
    before = shop.tree()
    done = shop.run("makemigrations")
    assert done.code == 3, done
    assert "could not be saved: No space left on device" in done.said
    assert "Nothing was written" in done.said
    assert shop.new_files(before) == []
    (folder / "filler").unlink()
    done = shop.run("makemigrations")
    assert done.code == 0, done
    assert (folder / "0011_product_colour.py").read_text(encoding="utf-8").endswith("]\n")


def test_a_full_disk_under_the_second_of_two_apps_takes_the_first_back(
    shop: Shop, small_disk: SmallDisk
) -> None:
    shop.add_field()
    shop.add_field("gift = models.BooleanField(default=False)", app="orders")
    folder = shop.folder / "orders/migrations"
    small_disk(folder, kib(folder))
    fill(folder)
    before = shop.tree()
    done = shop.run("makemigrations")
    assert done.code == 3, done
    assert shop.new_files(before) == []


@pytest.mark.parametrize("verb", ["makemigrations", "migrate-safe", "test-migrations-clean"])
def test_a_full_disk_under_the_project(
    verb: str, tmp_path: Path, make_shop: MakeShop, small_disk: SmallDisk
) -> None:
    shop = make_shop(tmp_path / "shop")
    if verb == "makemigrations":
        shop.add_field()
    else:
        shop.add_migration()
    small_disk(shop.folder, kib(shop.folder))
    fill(shop.folder)
    before = shop.tree()
    done = shop.run(verb)
    assert done.code == 3, done
    assert "No space left" in done.said or "disk is full" in done.said
    assert shop.new_files(before) == []


def test_a_disk_that_fills_up_while_it_is_applied(
    tmp_path: Path, make_shop: MakeShop, small_disk: SmallDisk
) -> None:
    """Room for the snapshot, the copy and its journal, and for none of what is applied."""
    shop = make_shop(tmp_path / "shop")
    shop.add_migration(
        "migrations.RunPython(fill_up)",
        head="""
        def fill_up(apps, schema_editor):
            connection = schema_editor.connection
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE big (bytes blob)")
                if "scratch" not in str(connection.settings_dict["NAME"]):
                    cursor.execute("INSERT INTO big VALUES (zeroblob(8000000))")
        """,
    )
    small_disk(shop.folder, kib(shop.folder) + 4096)
    tree, before = shop.tree(), shop.dump()
    done = shop.run("migrate-safe")
    assert done.code in {1, 3}, done
    assert "disk is full" in done.said
    assert "it is as it was before" in done.said
    assert shop.dump() == before
    assert shop.new_files(tree) == []
