"""Every verb on a project that is in order, and each option of makemigrations."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.shop import Shop
from workflow.flows import FLOWS


class Case(NamedTuple):
    """A project, a command, and what must come out."""

    words: str
    code: int = 0
    said: tuple[str, ...] = ()
    prepare: Callable[[Shop], object] = Shop.tree
    written: tuple[str, ...] = ()


def two_leaf_nodes(shop: Shop) -> None:
    shop.add_migration(name="0011_left")
    shop.add_migration(name="0011_right")


def two_apps_changed(shop: Shop) -> None:
    shop.add_field()
    shop.add_field("gift = models.BooleanField(default=False)", app="orders")


def field_without_default(shop: Shop) -> None:
    shop.add_field("colour = models.CharField(max_length=20)")


def field_renamed(shop: Shop) -> None:
    shop.replace("catalogue/models.py", "    description = ", "    text = ")


def installed_migration_misnamed(shop: Shop) -> None:
    name = "0012_alter_user_first_name_max_length"
    shop.replace("accounts/migrations/0001_initial.py", name, "0012_alter_user_first")


def app_without_migrations(shop: Shop) -> None:
    shop.write("blog/__init__.py", "")
    shop.write(
        "blog/models.py",
        """\
        from django.db import models


        class Entry(models.Model):
            title = models.CharField(max_length=20)
        """,
    )
    shop.replace("config/settings.py", '    "reviews",\n', '    "reviews",\n    "blog",\n')


def two_pending(shop: Shop) -> None:
    column = '"{0}", "{1}", models.IntegerField(null=True)'
    shop.add_migration(f"migrations.AddField({column.format('product', 'stock')})")
    shop.add_migration(
        f"migrations.AddField({column.format('order', 'parcels')})",
        app="orders",
        name="0005_parcels",
        after="0004_order_indexes",
    )
    shop.add_field("stock = models.IntegerField(null=True)")
    shop.add_field("parcels = models.IntegerField(null=True)", app="orders")


COLOUR = "catalogue/migrations/0011_product_colour.py"
GIFT = "orders/migrations/0005_order_gift.py"
ANSWER = "--answer default:product.colour='red'"

CASES = {
    "environment": Case(
        "enforce-dev-environment",
        said=("environment ....", "passed", "Next: migration-workflow pre-check"),
    ),
    "environment, verbose": Case(
        "enforce-dev-environment --verbose",
        said=("python", "settings config.settings", "database sqlite", "not under git"),
    ),
    "pre-check": Case("pre-check", said=("pre-check: passed",)),
    "pre-check with something pending": Case(
        "pre-check",
        said=("HIS103 2 migrations are pending", "catalogue.0011_more", "orders.0005_parcels"),
        prepare=two_pending,
    ),
    "static gate": Case("validate-migration-dependencies", said=("dependencies", "passed")),
    "static gate looks into installed packages": Case(
        "validate-migration-dependencies",
        1,
        ("GRF101 error", "auth.0012_alter_user_first, which the installed package does not"),
        installed_migration_misnamed,
    ),
    "check-migrations": Case("check-migrations", said=("drift",)),
    "check-migrations finds drift": Case(
        "check-migrations", 1, ("DRF101", "Add field colour to product"), Shop.add_field
    ),
    "validate-migrations": Case("validate-migrations", said=("Next: migration-workflow migrate",)),
    "validate-migrations finds drift": Case(
        "validate-migrations", 1, ("DRF101 error", "makemigrations catalogue"), Shop.add_field
    ),
    "migrate-safe with nothing pending": Case(
        "migrate-safe", said=("rehearsal ...................... skipped: nothing is pending",)
    ),
    "migrate-safe, dry run": Case(
        "migrate-safe --dry-run",
        said=("would apply catalogue.0011_more", "would apply orders.0005_parcels"),
        prepare=two_pending,
    ),
    "clean": Case("test-migrations-clean", said=("clean", "passed")),
    "nothing to draft": Case("makemigrations", said=("draft", "skipped: no changes detected")),
    "new field": Case(
        "makemigrations",
        said=(
            "- Add field colour to product",
            'CREATE TABLE "new__catalogue_product"',
            f"wrote {COLOUR}",
            "Next: migration-workflow migrate-safe",
        ),
        prepare=Shop.add_field,
        written=(COLOUR,),
    ),
    "named": Case(
        "makemigrations --name paint",
        said=("wrote catalogue/migrations/0011_paint.py",),
        prepare=Shop.add_field,
        written=("catalogue/migrations/0011_paint.py",),
    ),
    "named like no module": Case(
        "makemigrations --name two-words", 2, ("--name must be a Python identifier",)
    ),
    "empty": Case(
        "makemigrations --empty orders",
        said=("no operations yet",),
        written=("orders/migrations/0005_auto_*.py",),
    ),
    "empty, named": Case(
        "makemigrations --empty orders --name tidy", written=("orders/migrations/0005_tidy.py",)
    ),
    "empty, for no app": Case("makemigrations --empty", 2, ("--empty needs the label",)),
    "two apps": Case(
        "makemigrations",
        said=("makemigrations: passed (25 migrations in 4 apps)",),
        prepare=two_apps_changed,
        written=(COLOUR, GIFT),
    ),
    "one label of two": Case("makemigrations orders", prepare=two_apps_changed, written=(GIFT,)),
    "both labels": Case(
        "makemigrations orders catalogue", prepare=two_apps_changed, written=(COLOUR, GIFT)
    ),
    "dry run": Case(
        "makemigrations --dry-run",
        said=(f"would write {COLOUR}", "skipped: dry run", "(23 migrations in 4 apps)"),
        prepare=Shop.add_field,
    ),
    "question answered ahead": Case(
        f"makemigrations {ANSWER}", prepare=field_without_default, written=(COLOUR,)
    ),
    "question answered with nonsense": Case(
        "makemigrations --answer default:product.colour=1+",
        1,
        ("DRF104", "is not a Python value"),
        field_without_default,
    ),
    "answer without a value": Case(
        "makemigrations --answer colour", 2, ("--answer takes KEY=VALUE, not 'colour'",)
    ),
    "rename confirmed ahead": Case(
        "makemigrations --answer rename-field:product.description:text=yes",
        said=("Rename field description on product to text",),
        prepare=field_renamed,
        written=("catalogue/migrations/0011_rename_description_product_text.py",),
    ),
    "rename denied ahead": Case(
        "makemigrations --answer rename-field:product.description:text=no --name text",
        said=("Remove field description from product", "Add field text to product"),
        prepare=field_renamed,
        written=("catalogue/migrations/0011_text.py",),
    ),
    "rename asked": Case(
        "makemigrations",
        1,
        ("DRF104", "renamed to product.text", "rename-field:product.description:text=yes"),
        field_renamed,
    ),
    "leaf nodes refuse": Case(
        "makemigrations",
        1,
        ("GRF103", "0011_left, 0011_right", "makemigrations --merge catalogue"),
        two_leaf_nodes,
    ),
    "leaf nodes merged": Case(
        "makemigrations --merge --answer merge:catalogue=yes",
        prepare=two_leaf_nodes,
        written=("catalogue/migrations/0012_merge_0011_left_0011_right.py",),
    ),
    "leaf nodes merged, named": Case(
        "makemigrations --merge catalogue --name joined --answer merge:catalogue=yes",
        prepare=two_leaf_nodes,
        written=("catalogue/migrations/0012_joined.py",),
    ),
    "merge asked": Case("makemigrations --merge", 1, ("DRF104", "merge:catalogue"), two_leaf_nodes),
    "merge denied": Case(
        "makemigrations --merge --answer merge:catalogue=no",
        said=("no changes detected",),
        prepare=two_leaf_nodes,
    ),
    "first migration of an app": Case(
        "makemigrations blog",
        said=("wrote blog/migrations/0001_initial.py",),
        prepare=app_without_migrations,
        written=(
            "blog/migrations/",
            "blog/migrations/0001_initial.py",
            "blog/migrations/__init__.py",
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_verb(name: str, shop: Shop) -> None:
    case = CASES[name]
    case.prepare(shop)
    before, database = shop.tree(), shop.database.read_bytes()
    done = shop.run(*(word.replace("'", '"') for word in case.words.split()))
    assert done.code == case.code, done
    for text in case.said:
        assert text in done.said, done
    new = shop.new_files(before)
    assert len(new) == len(case.written), new
    for path, pattern in zip(new, sorted(case.written), strict=True):
        assert fnmatch(path, pattern)
    assert shop.database.read_bytes() == database


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.written])
def test_what_was_written_is_what_the_models_say(name: str, shop: Shop) -> None:
    case = CASES[name]
    case.prepare(shop)
    if name == "one label of two":
        assert shop.run("makemigrations", "catalogue").code == 0
    shop.run(*(word.replace("'", '"') for word in case.words.split()))
    done = shop.run("check-migrations")
    assert done.code == 0, done
    done = shop.run("migrate-safe")
    assert done.code == 0, done
    shop.manage("migrate", "--check", "--verbosity=0")
    shop.manage("makemigrations", "--check", "--dry-run")


def test_migrate_safe_applies_what_is_pending(shop: Shop) -> None:
    two_pending(shop)
    before, rows = shop.tree(), shop.query("SELECT count(*) FROM catalogue_product")
    done = shop.run("migrate-safe")
    assert done.code == 0, done
    assert "applied catalogue.0011_more applied orders.0005_parcels" in done.said
    assert {("catalogue", "0011_more"), ("orders", "0005_parcels")} <= shop.applied()
    assert shop.query("SELECT count(*), count(stock) FROM catalogue_product") == [(*rows[0], 0)]
    assert [name for name in shop.tree() if name not in before] == []


def test_migrate_safe_makes_a_database_that_is_missing(shop: Shop) -> None:
    as_seeded = {line for line in shop.dump() if line.startswith("CREATE")}
    shop.database.unlink()
    done = shop.run("migrate-safe")
    assert done.code == 0, done
    assert {line for line in shop.dump() if line.startswith("CREATE")} == as_seeded


def test_python_runs_the_package_too(shop: Shop) -> None:
    done = shop.run("validate-migrations", program=[sys.executable, "-m", "workflow"])
    assert done.code == 0, done


ON_THE_HOST = [
    verb for verb, flow in FLOWS.items() if flow.asks_project and not flow.starts_containers
]

COUNT_BOOTS = """
import django, os
from pathlib import Path

def _count(word):
    with open(Path(__file__).with_name("boots"), "a") as file:
        file.write(word + "\\n")

def _setup(*arguments, setup=django.setup, **named):
    _count("again")
    return setup(*arguments, **named)

_count("settings")
django.setup = _setup
"""


@pytest.mark.parametrize("verb", ON_THE_HOST)
def test_django_boots_once_in_a_flow(verb: str, shop: Shop) -> None:
    two_pending(shop)
    shop.append("config/settings.py", COUNT_BOOTS)
    done = shop.run(verb)
    assert done.code == 0, done
    assert (shop.folder / "config/boots").read_text(encoding="utf-8") == "settings\n"


def test_the_static_gate_never_runs_the_project(shop: Shop) -> None:
    for name in ("manage.py", "config/settings.py", "catalogue/models.py", "catalogue/__init__.py"):
        shop.append(name, "\nraise SystemExit('run')\n")
    shop.append("catalogue/migrations/0010_product_status_price_idx.py", "\nopen('run', 'w')\n")
    done = shop.run("validate-migration-dependencies")
    assert done.code == 0, done
    assert not list(shop.folder.rglob("run"))


@pytest.mark.parametrize("where", ["catalogue/migrations", "config", "."])
def test_the_project_is_found_from_inside(where: str, shop: Shop) -> None:
    assert shop.run("pre-check", cwd=shop.folder / where).code == 0


@pytest.mark.parametrize("words", [["--help"], ["migrate-safe", "--help"], ["--version"]])
def test_help_needs_no_project(words: list[str], shop: Shop, tmp_path: Path) -> None:
    done = shop.run(*words, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert "migration-workflow" in done.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("pre-check", 0),
        ("check-migrations", 1),
        ("makemigrations --name=two-words", 2),
        ("check-migrations --format=json", 1),
        ("pre-check --project=nowhere", 2),
    ],
)
def test_invoke_is_a_door_to_the_same_flows(words: str, code: int, shop: Shop) -> None:
    shop.write("tasks.py", "from workflow.tasks import namespace\n\nns = namespace\n")
    shop.add_field()
    done = shop.run(*words.split(), program=[sys.executable, "-m", "invoke"])
    assert done.code == code, done
