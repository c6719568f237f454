"""Which apps a project has, what they are called, and which of their files are migrations."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.history.conftest import migration, write_tree
from workflow.history.model import History, MigrationKey, Trouble
from workflow.history.reading import read_history
from workflow.history.values import UNKNOWN

Read = Callable[..., History]
FIRST = "migrations/0001_initial.py"


def config(**attributes: object) -> str:
    lines = [f"    {name} = {value!r}" for name, value in attributes.items()]
    return "\n".join(
        ["from django.apps import AppConfig", "class ShopConfig(AppConfig):", *lines, ""]
    )


LABELS: dict[str, tuple[dict[str, str], str, str]] = {
    "the folder's": ({}, "shop", "folder"),
    "the last part of the name": ({"shop/apps.py": config(name="shop")}, "shop", "name"),
    "a label": ({"shop/apps.py": config(name="shop", label="store")}, "store", "label"),
    "a label alone": ({"shop/apps.py": config(label="store")}, "store", "label"),
    "the default of two": (
        {
            "shop/apps.py": config(name="shop", label="a")
            + config(name="shop", label="b", default=True).replace("Shop", "Other")
        },
        "b",
        "label",
    ),
    "the one that is not switched off": (
        {
            "shop/apps.py": config(name="shop", label="a", default=False)
            + config(name="shop", label="b").replace("Shop", "Other")
        },
        "b",
        "label",
    ),
    "a label of a base class": (
        {
            "shop/apps.py": "from django.apps import AppConfig\nclass Base(AppConfig):\n"
            "    label = 'store'\nclass Shop(Base):\n    name = 'shop'\n"
        },
        "store",
        "label",
    ),
    "a constant": (
        {
            "shop/apps.py": "LABEL = 'store'\n"
            + config(name="shop", label="x").replace("'x'", "LABEL")
        },
        "store",
        "label",
    ),
    "a configuration in the package itself": (
        {"shop/__init__.py": config(name="shop", label="store")},
        "store",
        "label",
    ),
    "the configuration of another folder": (
        {"shop/apps.py": config(name="other", label="store")},
        "shop",
        "folder",
    ),
}


@pytest.mark.parametrize(("files", "label", "source"), LABELS.values(), ids=LABELS.keys())
def test_the_label_is(files: dict[str, str], label: str, source: str, read: Read) -> None:
    history = read({"shop/__init__.py": "", f"shop/{FIRST}": migration(), **files})
    (app,) = history.apps.values()
    assert (app.label, app.label_source) == (label, source)
    assert list(history.migrations) == [MigrationKey(label, "0001_initial")]


def test_a_label_that_is_computed_is_not_guessed(read: Read) -> None:
    apps = config(name="shop", label="x").replace("'x'", "compute()")
    history = read({"shop/apps.py": apps, f"shop/{FIRST}": migration()})
    assert not history.apps
    assert history.unlabelled == ("shop/migrations",)


def test_several_configurations_that_disagree_are_not_guessed(read: Read) -> None:
    apps = config(name="shop", label="a") + config(name="shop", label="b").replace("Shop", "Other")
    history = read({"shop/apps.py": apps, f"shop/{FIRST}": migration()})
    assert history.unlabelled == ("shop/migrations",)


def test_a_parents_configuration_may_be_for_a_nested_app(read: Read) -> None:
    apps = config(name="site.shop", label="store")
    tree = {"site/__init__.py": "", "site/apps.py": apps, "site/shop/__init__.py": ""}
    history = read({**tree, f"site/shop/{FIRST}": migration()})
    assert list(history.apps) == ["store"]


def test_migrations_tell_the_label_where_nothing_else_does(read: Read) -> None:
    tree = {f"app/{FIRST}": migration(), "app/migrations/0002_b.py": migration("file.0001_initial")}
    (app,) = read(tree).apps.values()
    assert (app.label, app.label_source) == ("file", "references")


def test_another_apps_migration_of_the_same_name_tells_nothing(read: Read) -> None:
    tree = {f"shop/{FIRST}": migration("users.0001_initial")}
    assert list(read(tree).apps) == ["shop"]


MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")\n'


def settings(text: str, **others: str) -> dict[str, str]:
    named = {f"site/{name}.py": other for name, other in others.items()}
    return {"manage.py": MANAGE, "site/__init__.py": "", "site/settings.py": text, **named}


def test_installed_apps_choose_the_configuration(read: Read) -> None:
    apps = config(name="shop", label="a") + config(name="shop", label="b").replace("Shop", "Other")
    tree = {"shop/__init__.py": "", "shop/apps.py": apps, f"shop/{FIRST}": migration()}
    history = read({**tree, **settings("INSTALLED_APPS = ['shop.apps.OtherConfig']")})
    assert list(history.apps) == ["b"]
    assert history.apps["b"].listed is True


def test_installed_apps_may_name_any_module(read: Read) -> None:
    tree = {"shop/__init__.py": "", "shop/conf.py": config(name="shop", label="store")}
    history = read(
        {
            **tree,
            f"shop/{FIRST}": migration(),
            **settings("INSTALLED_APPS = ['shop.conf.ShopConfig']"),
        }
    )
    assert list(history.apps) == ["store"]


def test_what_is_not_in_installed_apps_is_not_listed(read: Read) -> None:
    tree = {"shop/__init__.py": "", f"shop/{FIRST}": migration()}
    assert read({**tree, **settings("INSTALLED_APPS = []")}).apps["shop"].listed is False
    assert read({**tree, **settings("INSTALLED_APPS = [] + f()")}).apps["shop"].listed is UNKNOWN


ELSEWHERE = {f"shop/{FIRST}": migration(), "moved/shop/0001_moved.py": migration()}


def test_migration_modules_move_an_app(read: Read) -> None:
    history = read({**ELSEWHERE, **settings("MIGRATION_MODULES = {'shop': 'moved.shop'}")})
    assert list(history.migrations) == [("shop", "0001_moved")]
    assert history.apps["shop"].path == "moved/shop"
    assert history.apps["shop"].label_source == "MIGRATION_MODULES"


def test_migration_modules_may_come_from_a_base_settings_file(read: Read) -> None:
    base = "MIGRATION_MODULES = {}\nMIGRATION_MODULES['shop'] = 'moved.shop'"
    history = read({**ELSEWHERE, **settings("from .base import *", base=base)})
    assert list(history.migrations) == [("shop", "0001_moved")]


def test_migration_modules_that_are_passed_in_win(read: Read) -> None:
    tree = {**ELSEWHERE, **settings("MIGRATION_MODULES = {'shop': None}")}
    assert not read(tree).apps
    history = read(tree, migration_modules={"shop": "moved.shop"})
    assert list(history.migrations) == [("shop", "0001_moved")]


@pytest.mark.parametrize(
    "text",
    [
        "MIGRATION_MODULES = f()",
        "MIGRATION_MODULES = {'shop': f()}",
        "if x:\n    MIGRATION_MODULES = {'shop': 'moved.shop'}",
        "class Off(dict): pass\nMIGRATION_MODULES = Off()",
        "from nowhere import *",
        "MIGRATION_MODULES = {'shop': 'not.there'}",
    ],
)
def test_migration_modules_that_are_not_certain_count_for_nothing(text: str, read: Read) -> None:
    assert list(read({**ELSEWHERE, **settings(text)}).migrations) == [("shop", "0001_initial")]


def test_swappable_references_follow_the_settings(read: Read) -> None:
    text = migration().replace(
        "dependencies = []",
        "dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]",
    )
    tree = {f"shop/{FIRST}": text, f"users/{FIRST}": migration()}
    history = read({**tree, **settings("AUTH_USER_MODEL = 'users.User'")})
    parents = history.fresh.parents[MigrationKey("shop", "0001_initial")]
    assert parents == (("users", "0001_initial"),)


NO_MIGRATIONS = [
    "_helper.py",
    "~util.py",
    ".hidden.py",
    "data.txt",
    "sub/0001_initial.py",
    "a.b.py",
]


@pytest.mark.parametrize("name", NO_MIGRATIONS)
def test_is_no_migration(name: str, read: Read) -> None:
    history = read({f"shop/{FIRST}": migration(), f"shop/migrations/{name}": migration()})
    assert list(history.migrations) == [("shop", "0001_initial")]


def test_a_package_beside_a_migration_hides_it_as_in_python(read: Read) -> None:
    tree = {f"shop/{FIRST}": migration(), "shop/migrations/0001_initial/data.json": "{}"}
    assert list(read(tree).migrations) == [("shop", "0001_initial")]
    assert not read({"shop/migrations/0001_initial/__init__.py": ""}).migrations


@pytest.mark.parametrize(
    "name", ["0001-with-hyphen", "UPPER", "squash_0012_x", "00001_x", "ünï", "a b"]
)
def test_any_module_name_is_a_migrations_name(name: str, read: Read) -> None:
    history = read({f"shop/migrations/{name}.py": migration()})
    assert list(history.migrations) == [("shop", name)]


@pytest.mark.parametrize("name", ["[red]", "new\nline", 'quo"te', "per%s", "$HOME"])
def test_strange_folder_names_are_only_names(name: str, read: Read) -> None:
    history = read({f"{name}/{FIRST}": migration()})
    assert list(history.apps) == [name]


SKIPPED = [
    "tests", "test", "sandbox", "example", "docs", "node_modules", ".venv", ".git", "vendor",
    "lib/python3.12/site-packages", "build", "shop.egg-info", "shop/tests", "__pycache__",
]  # fmt: skip


@pytest.mark.parametrize("folder", SKIPPED)
def test_is_no_part_of_the_project(folder: str, read: Read) -> None:
    history = read({f"{folder}/other/{FIRST}": migration(), f"shop/{FIRST}": migration()})
    assert list(history.apps) == ["shop"]


def test_a_virtual_environment_of_any_name_is_skipped(read: Read) -> None:
    history = read({"e/pyvenv.cfg": "", f"e/other/{FIRST}": migration()})
    assert not history.apps


@pytest.mark.parametrize("options", [{"exclude": ["!tests"]}, {"exclude": ["!tests/*", "!tests"]}])
def test_what_is_left_out_may_be_asked_for(options: dict[str, Any], read: Read) -> None:
    assert list(read({f"tests/other/{FIRST}": migration()}, **options).apps) == ["other"]


def test_installed_apps_ask_for_what_is_left_out(read: Read) -> None:
    tree = {
        f"tests/other/{FIRST}": migration(),
        "tests/__init__.py": "",
        "tests/other/__init__.py": "",
    }
    history = read({**tree, **settings("INSTALLED_APPS = ['tests.other']")})
    assert list(history.apps) == ["other"]


@pytest.mark.parametrize("pattern", ["shop", "sh*", "site/shop", "site/*"])
def test_more_may_be_left_out(pattern: str, read: Read) -> None:
    assert not read({f"site/shop/{FIRST}": migration()}, exclude=[pattern]).apps


def test_a_project_may_itself_be_called_example(tmp_path: Path) -> None:
    write_tree(tmp_path / "example", {f"shop/{FIRST}": migration()})
    assert list(read_history(tmp_path / "example").apps) == ["shop"]


def test_an_app_may_be_the_project_itself(tmp_path: Path) -> None:
    write_tree(tmp_path / "shop", {"__init__.py": "", FIRST: migration()})
    assert list(read_history(tmp_path / "shop").migrations) == [("shop", "0001_initial")]


@pytest.mark.parametrize("name", ["build", "static", "media", "env"])
def test_a_package_with_such_a_name_is_an_app(name: str, read: Read) -> None:
    tree = {f"{name}/__init__.py": "", f"{name}/{FIRST}": migration()}
    assert list(read(tree).apps) == [name]


def test_folders_called_migrations_that_hold_none_are_no_apps(read: Read) -> None:
    history = read({"blocks/migrations/operations.py": "class Rename: pass"})
    assert not history.apps
    assert not history.problems


def test_an_app_with_an_empty_migrations_package_is_one(read: Read) -> None:
    history = read({"shop/models.py": "", "shop/migrations/__init__.py": ""})
    assert history.apps["shop"].migrations == ()


def test_a_missing_init_is_told(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"shop/{FIRST}": migration()})
    (tmp_path / "shop/migrations/__init__.py").unlink()
    assert read_history(tmp_path).apps["shop"].has_init is False


def test_labels_that_two_folders_claim_collide(read: Read) -> None:
    history = read({f"a/shop/{FIRST}": migration(), f"b/shop/{FIRST}": migration()})
    assert history.apps["shop"].path == "a/shop/migrations"
    assert [app.path for app in history.collisions] == ["b/shop/migrations"]


def test_the_listed_folder_wins_a_collision(read: Read) -> None:
    packages = {f"{name}/__init__.py": "" for name in ("a", "a/shop", "b", "b/shop")}
    tree = {f"a/shop/{FIRST}": migration(), f"b/shop/{FIRST}": migration(), **packages}
    history = read({**tree, **settings("INSTALLED_APPS = ['b.shop']")})
    assert history.apps["shop"].path == "b/shop/migrations"


def test_installed_apps_outside_the_tree_are_read(tmp_path: Path) -> None:
    write_tree(tmp_path / "venv", {f"auth/{FIRST}": migration()})
    write_tree(tmp_path / "site", {f"shop/{FIRST}": migration("auth.0001_initial")})
    installed = {"auth": tmp_path / "venv/auth/migrations"}
    history = read_history(tmp_path / "site", installed=installed)
    assert history.closed
    assert history.apps["auth"].in_project is False
    assert history.migrations[MigrationKey("auth", "0001_initial")].path.startswith("/")
    assert not history.fresh.broken
    assert history.fresh.parents[MigrationKey("shop", "0001_initial")] == (
        ("auth", "0001_initial"),
    )


def test_unknown_labels_are_external_unless_all_apps_are_given(read: Read) -> None:
    tree = {f"shop/{FIRST}": migration("nowhere.0001_initial")}
    assert not read(tree).fresh.broken
    (broken,) = read(tree, installed={}).fresh.broken
    assert broken.app_exists is False


def test_an_overlay_replaces_adds_and_deletes(read: Read, tmp_path: Path) -> None:
    tree = {f"shop/{FIRST}": migration(), "shop/migrations/0002_b.py": migration()}
    overlay = {
        Path(f"shop/{FIRST}"): migration(body="initial = True"),
        Path("shop/migrations/0002_b.py"): None,
        tmp_path / "new/app" / FIRST: migration(),
        tmp_path / "new/app/migrations/__init__.py": "",
    }
    history = read(tree, overlay=overlay)
    assert list(history.migrations) == [("app", "0001_initial"), ("shop", "0001_initial")]
    assert history.migrations[MigrationKey("shop", "0001_initial")].initial is True
    assert history.apps["app"].has_init
    assert not (tmp_path / "new").exists()


def test_an_overlay_needs_nothing_on_disk(tmp_path: Path) -> None:
    overlay = {Path(f"shop/{FIRST}"): migration()}
    assert list(read_history(tmp_path / "not there", overlay=overlay).apps) == ["shop"]


def test_an_overlay_may_declare_its_encoding(tmp_path: Path) -> None:
    text = "# coding: latin-1\nNAME = 'é'\n" + migration(operations="migrations.RunSQL(NAME)")
    history = read_history(tmp_path, overlay={Path(f"shop/{FIRST}"): text})
    (found,) = history.migrations.values()
    assert found.operations[0].text("sql") == "é"


def test_links_are_followed_once_and_only_outwards(tmp_path: Path) -> None:
    write_tree(tmp_path / "site", {f"shop/{FIRST}": migration()})
    write_tree(tmp_path / "lib", {f"other/{FIRST}": migration()})
    (tmp_path / "lib/other/loop").symlink_to(tmp_path / "lib")
    (tmp_path / "site/linked").symlink_to(tmp_path / "lib")
    (tmp_path / "site/again").symlink_to(tmp_path / "lib")
    (tmp_path / "site/loop").symlink_to(tmp_path / "site")
    (tmp_path / "site/up").symlink_to(tmp_path)
    (tmp_path / "site/self").symlink_to(tmp_path / "site/self")
    history = read_history(tmp_path / "site")
    assert sorted(history.apps) == ["other", "shop"]
    assert not history.collisions


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folders_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"shop/{FIRST}": migration()})
    (tmp_path / "shop").chmod(0)
    (problem,) = read_history(tmp_path).problems
    (tmp_path / "shop").chmod(0o755)
    assert (problem.trouble, problem.path) == (Trouble.UNREADABLE, "shop")


def test_a_folder_in_place_of_a_file_and_a_pipe_do_not_block(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"shop/{FIRST}": migration()})
    os.mkfifo(tmp_path / "shop/migrations/0002_pipe.py")
    (tmp_path / "shop/migrations/0003_link.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "shop/migrations/0004_folder.py").mkdir()
    history = read_history(tmp_path)
    assert [problem.path for problem in history.problems] == ["shop/migrations/0002_pipe.py"]


def test_a_broken_file_still_tells_its_references(read: Read) -> None:
    text = migration("shop.0001_initial", body="replaces = [('shop', '0002_x')]") + "class (:\n"
    history = read({f"shop/{FIRST}": migration(), "shop/migrations/0003_next.py": text})
    broken = history.migrations[MigrationKey("shop", "0003_next")]
    assert broken.problem is not None
    assert broken.problem.trouble is Trouble.SYNTAX
    assert (broken.problem.app, broken.problem.migration) == ("shop", "0003_next")
    assert [item[:2] for item in broken.dependencies.items] == [("shop", "0001_initial")]
    assert broken.dependencies.complete
    assert broken.dependencies.items[0].line == 5
    assert [item.kind for item in broken.operations] == [UNKNOWN]
    assert history.fresh.leaves("shop") == (("shop", "0003_next"),)


def test_a_broken_file_without_a_number_may_be_a_helper(read: Read) -> None:
    history = read({f"shop/{FIRST}": migration(), "shop/migrations/helper.py": "def (:"})
    assert list(history.migrations) == [("shop", "0001_initial")]
    (problem,) = history.problems
    assert problem.migration is None


def test_the_digest_tells_every_difference(read: Read) -> None:
    first = read({f"shop/{FIRST}": migration()}).digest
    assert read({f"shop/{FIRST}": migration()}).digest == first
    assert read({f"shop/{FIRST}": migration() + "\n"}).digest != first
    assert read({f"shop/{FIRST}": migration()}, installed={}).digest != first
    assert read({f"shop/{FIRST}": migration(), "shop/apps.py": config(label="x")}).digest != first


def test_files_that_bind_no_migration_are_strays(read: Read) -> None:
    files = {
        "notes": "NOTES = 1",
        "star": "from x import *",
        "plain": "class Migration: pass",
        "named": "Migration = make()",
        "_helper": "",
        "broken": "def (",
    }
    tree = {f"shop/migrations/{name}.py": text for name, text in files.items()}
    app = read({f"shop/{FIRST}": migration(), **tree}).apps["shop"]
    assert app.strays == ("notes",)


def test_a_package_that_hides_a_migration_is_told(read: Read) -> None:
    tree = {f"shop/{FIRST}": migration(), "shop/migrations/0001_initial/__init__.py": ""}
    app = read({**tree, "shop/migrations/0002_b.py": migration()}).apps["shop"]
    assert (app.migrations, app.hidden) == (("0002_b",), ("0001_initial",))


def test_installed_packages_explain_their_operations(tmp_path: Path) -> None:
    operation = "from django.db.migrations import RunSQL\nclass Op(RunSQL):\n    pass\n"
    write_tree(tmp_path / "venv", {f"auth/{FIRST}": migration(), "tools.py": operation})
    write_tree(tmp_path / "venv", {"auth/__init__.py": ""})
    text = migration(head="from tools import Op", operations="Op('x')")
    write_tree(tmp_path / "site", {f"shop/{FIRST}": text})
    installed = {"auth": tmp_path / "venv/auth/migrations"}
    shop = MigrationKey("shop", "0001_initial")
    with_them = read_history(tmp_path / "site", installed=installed).migrations[shop]
    without = read_history(tmp_path / "site").migrations[shop]
    assert with_them.operations[0].kind == "RunSQL"
    assert without.operations[0].kind is UNKNOWN


@pytest.mark.parametrize(
    ("text", "routers"),
    [("", ()), ("DATABASE_ROUTERS = ['a.B']", ("a.B",)), ("DATABASE_ROUTERS = f()", UNKNOWN)],
)
def test_routers_are_told(text: str, routers: object, read: Read) -> None:
    assert read(settings(text)).settings["DATABASE_ROUTERS"] == routers
