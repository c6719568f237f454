"""What is broken is named in a clear sentence, with the right exit code, and nothing changes."""

from __future__ import annotations

import shutil
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.shop import Shop

LAST = "catalogue/migrations/0010_product_status_price_idx.py"
VERBS = ("makemigrations", "migrate-safe")
CONFLICT = """\
<<<<<<< HEAD
        ("catalogue", "0009_product_featured_review"),
=======
        ("catalogue", "0008_require_product_sku"),
>>>>>>> other
"""


class Case(NamedTuple):
    """What is broken, and how each verb says so."""

    prepare: Callable[[Shop], object]
    code: int
    said: tuple[str, ...]
    verbs: tuple[str, ...] = VERBS
    words: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


def changed(name: str, old: str, new: str) -> Callable[[Shop], object]:
    return lambda shop: shop.replace(name, old, new)


def started_with(name: str, text: str) -> Callable[[Shop], object]:
    return lambda shop: shop.replace_start(name, text)


def removed(name: str) -> Callable[[Shop], object]:
    return lambda shop: (shop.folder / name).unlink()


def in_order(shop: Shop) -> None:
    """Nothing is broken."""


def hangs(shop: Shop) -> None:
    shop.configure("boot-seconds = 2")
    shop.replace_start("manage.py", "import threading\nthreading.Event().wait()\n")


def conflict_markers(shop: Shop) -> None:
    shop.replace(LAST, '        ("catalogue", "0009_product_featured_review"),\n', CONFLICT)


def recorded_but_missing(shop: Shop) -> None:
    shop.query(
        "INSERT INTO django_migrations (app, name, applied) "
        "VALUES ('catalogue', '0011_gone', '2024-01-01')"
    )


def inconsistent(shop: Shop) -> None:
    shop.query("DELETE FROM django_migrations WHERE name = '0009_product_featured_review'")


def bad_keys(shop: Shop) -> None:
    shop.configure('pyton = "x"', 'boot-seconds = "long"', "exclude = 3", 'database = ""')


def fails_in_migration(shop: Shop) -> None:
    shop.append(LAST, "\nraise RuntimeError('on import')\n")


def no_class(shop: Shop) -> None:
    shop.write("catalogue/migrations/0011_notes.py", "NOTES = 1\n")


CASES = {
    "manage.py raises": Case(
        started_with("manage.py", "raise ValueError('not today')\n"),
        3,
        ("ValueError: not today", "manage.py", "line 1"),
    ),
    "manage.py does not parse": Case(
        started_with("manage.py", "def broken(:\n"), 3, ("SyntaxError",)
    ),
    "manage.py exits": Case(
        started_with("manage.py", "import sys\nsys.exit('no licence')\n"),
        3,
        ("it exited with 'no licence' before Django took over",),
    ),
    "manage.py exits with 0": Case(
        started_with("manage.py", "import sys\nsys.exit(0)\n"), 3, ("it exited with 0",)
    ),
    "manage.py does nothing": Case(
        lambda shop: shop.write("manage.py", "print('nothing to do')\n"),
        3,
        ("it ended without handing control to Django",),
    ),
    "manage.py ends the process": Case(
        started_with("manage.py", "import os\nprint('farewell', flush=True)\nos._exit(7)\n"),
        3,
        ("manage.py ended before it answered (exit code 7)", "farewell"),
    ),
    "manage.py hangs": Case(hangs, 3, ("the project gave no answer within 2 seconds",)),
    "manage.py asks": Case(started_with("manage.py", "input('name? ')\n"), 3, ("EOFError",)),
    "manage.py prints": Case(
        started_with("manage.py", "print('{\"answer\": {}}', flush=True)\n"),
        0,
        ("passed",),
    ),
    "manage.py closes the streams": Case(
        started_with("manage.py", "import os\nos.close(0)\nos.close(1)\n"), 0, ("passed",)
    ),
    "settings do not import": Case(
        started_with("config/settings.py", "import no_such_library\n"),
        3,
        ("No module named 'no_such_library'",),
    ),
    "settings are not there": Case(
        removed("config/settings.py"), 3, ("No module named 'config.settings'",)
    ),
    "an app does not import": Case(
        started_with("orders/models.py", "1 / 0\n"), 3, ("ZeroDivisionError", "orders/models.py")
    ),
    "an app is not there": Case(
        changed("config/settings.py", '    "reviews",\n', '    "reviews",\n    "ghost",\n'),
        3,
        ("No module named 'ghost'",),
    ),
    "a migration does not parse": Case(
        lambda shop: shop.append(LAST, "\ndef broken(:\n"), 1, ("GRF114", LAST)
    ),
    "conflict markers in a migration": Case(conflict_markers, 1, ("GRF115", LAST)),
    "a migration raises": Case(fails_in_migration, 3, ("RuntimeError: on import", LAST)),
    "a migration without a Migration": Case(no_class, 1, ("GRF119", "0011_notes")),
    "no __init__.py among migrations": Case(
        removed("orders/migrations/__init__.py"), 1, ("GRF113", "orders/migrations")
    ),
    "a dependency that is nowhere": Case(
        lambda shop: shop.add_migration(after="0010_nowhere"),
        1,
        ("GRF101", "catalogue.0010_nowhere"),
    ),
    "recorded but missing": Case(
        recorded_but_missing, 1, ("HIS101", "catalogue.0011_gone applied, but no such file")
    ),
    "inconsistent history": Case(inconsistent, 1, ("HIS102",)),
    "a model check fails": Case(
        lambda shop: shop.add_field("colour = models.CharField(max_length=-1)"),
        1,
        ("ENV103", "fields.E121"),
    ),
    "a field without default, and nobody to ask": Case(
        lambda shop: shop.add_field("colour = models.CharField(max_length=20)"),
        1,
        ("DRF104", "there is no terminal", "--answer 'default:product.colour=<Python value>'"),
        ("makemigrations",),
    ),
    "unknown label": Case(
        in_order,
        2,
        ("there is no app 'shoes'", "accounts, catalogue, feedback, orders"),
        ("makemigrations",),
        ("shoes",),
    ),
    "unknown database": Case(
        in_order, 2, ("no database 'replica'; they have: default",), VERBS, ("--database=replica",)
    ),
    "unknown option": Case(in_order, 2, ("unrecognized arguments: --fast",), VERBS, ("--fast",)),
    "unknown format": Case(in_order, 2, ("invalid choice",), VERBS, ("--format=xml",)),
    "unknown folder": Case(
        in_order, 2, ("there is no folder nowhere",), VERBS, ("--project=nowhere",)
    ),
    "a file for a folder": Case(
        in_order, 2, ("manage.py is not a folder",), VERBS, ("--project=manage.py",)
    ),
    "bad keys, all at once": Case(
        bad_keys,
        2,
        (
            "unknown key 'pyton'; did you mean 'python'?",
            "'boot-seconds' must be a number of seconds above 0, not 'long'",
            "'exclude' must be a list of texts, not 3",
            "'database' must be a text that is not empty, not ''",
        ),
    ),
    "configuration does not parse": Case(
        lambda shop: shop.configure("python ="), 2, ("migration-workflow.toml is not valid TOML",)
    ),
    "configured Python is not there": Case(
        lambda shop: shop.configure('python = "env/bin/python"'),
        3,
        ("the configured interpreter is not there",),
    ),
    "configured Python is no Python": Case(
        lambda shop: shop.configure('python = "/bin/true"'), 3, ("ended before it answered",)
    ),
    "configured Python is no program": Case(
        lambda shop: shop.configure('python = "config/urls.py"'), 3, ("can't be run",)
    ),
    "configured Python has no Django": Case(
        lambda shop: shop.configure(f'python = "{bare_python(shop)}"'),
        3,
        ("Couldn't import Django",),
    ),
    ".env is not UTF-8": Case(
        lambda shop: shop.write(".env", b"NAME=\xff\xfe\n"), 2, (".env can't be read",)
    ),
    "database engine is not there": Case(
        changed("config/settings.py", 'or "sqlite:///db.sqlite3"', 'or "oracle://x/y"'),
        3,
        ("DATABASE_URL has the scheme 'oracle'",),
    ),
    "settings named for production": Case(
        lambda shop: shop.write("config/production.py", "from config.settings import *\n"),
        1,
        ("ENV101 error", "the settings module is config.production", "--production"),
        VERBS,
        (),
        (("DJANGO_SETTINGS_MODULE", "config.production"),),
    ),
    "an environment named production": Case(
        lambda shop: shop.write(".env", "ENVIRONMENT=production\n"),
        1,
        ("ENV101", "ENVIRONMENT is 'production'"),
    ),
    "another production than the one named": Case(
        lambda shop: shop.write(".env", "ENVIRONMENT=production\n"),
        1,
        ("ENV101",),
        ("migrate-safe",),
        ("--production", "other"),
    ),
}


def bare_python(shop: Shop) -> Path:
    """A virtual environment with nothing in it."""
    folder = shop.folder.parent / "bare"
    venv.create(folder, symlinks=True, with_pip=False)
    return folder


@pytest.mark.parametrize(
    ("name", "verb"), [(name, verb) for name, case in CASES.items() for verb in case.verbs]
)
def test_bad_input(name: str, verb: str, shop: Shop) -> None:
    case = CASES[name]
    case.prepare(shop)
    before, database = shop.tree(), shop.database.read_bytes()
    done = shop.run(verb, *case.words, variables=dict(case.variables))
    assert done.code == case.code, done
    for text in case.said:
        assert text in done.said, done
    assert shop.new_files(before) == []
    assert shop.database.read_bytes() == database


def test_a_migration_without_a_migration_is_refused_without_django(shop: Shop) -> None:
    no_class(shop)
    done = shop.run("validate-migration-dependencies")
    assert done.code == 1, done


@pytest.mark.parametrize("verb", ["", "migrate", "make-migrations"])
def test_an_unknown_verb(verb: str, shop: Shop) -> None:
    done = shop.run(*verb.split())
    assert done.code == 2
    assert "usage: migration-workflow" in done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_no_manage_py(verb: str, tmp_path: Path, home: Path) -> None:
    done = Shop(tmp_path, home).run(verb)
    assert done.code == 2
    assert "there is no manage.py in" in done.said
    assert "--project DIR" in done.said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_manage_py_can_still_be_checked(shop: Shop) -> None:
    (shop.folder / "manage.py").unlink()
    assert shop.run("validate-migration-dependencies").code == 0
    done = shop.run("pre-check", variables={"DJANGO_SETTINGS_MODULE": "config.settings"})
    assert done.code == 0, done


def test_several_projects_below(shop: Shop, make_second: Shop) -> None:
    done = shop.run("pre-check", cwd=shop.folder.parent)
    assert done.code == 2
    assert "there are several projects here" in done.said


@pytest.fixture
def make_second(shop: Shop, home: Path) -> Shop:
    second = Shop(shop.folder.with_name("second"), home)
    second.write("manage.py", "")
    return second


def test_production_is_let_through_by_its_name(shop: Shop) -> None:
    shop.write(".env", "ENVIRONMENT=production\n")
    shop.add_migration("migrations.RunPython(migrations.RunPython.noop)")
    done = shop.run("migrate-safe", "--production", str(shop.database))
    assert done.code == 0, done
    assert ("catalogue", "0011_more") in shop.applied()


def test_production_has_no_short_flag_and_no_abbreviation(shop: Shop) -> None:
    for words in (("-p", "x"), ("--prod", "x")):
        assert shop.run("migrate-safe", *words).code == 2


LIBRARY_MODELS = """\
from django.db import models


class Thing(models.Model):
    name = models.CharField(max_length=20)
"""


@pytest.fixture
def library(shop: Shop) -> Path:
    """An installed package with an app whose models have moved on from its migrations."""
    environment = bare_python(shop)
    packages = next(environment.glob("lib/python3*/site-packages"))
    (packages / "host.pth").write_text(
        "\n".join(path for path in sys.path if path.endswith("site-packages")), encoding="utf-8"
    )
    app = packages / "library"
    (app / "migrations").mkdir(parents=True)
    for name in ("__init__.py", "migrations/__init__.py"):
        (app / name).touch()
    (app / "models.py").write_text(LIBRARY_MODELS, encoding="utf-8")
    (app / "migrations/0001_initial.py").write_text(
        "from django.db import migrations\n\n\n"
        "class Migration(migrations.Migration):\n"
        "    initial = True\n",
        encoding="utf-8",
    )
    shop.replace("config/settings.py", '    "reviews",\n', '    "reviews",\n    "library",\n')
    shop.configure(f'python = "{environment}"')
    return app


@pytest.mark.parametrize(
    ("words", "code", "severity"),
    [
        ("makemigrations", 0, "warning"),
        ("makemigrations --strict", 1, "warning"),
        ("makemigrations library", 1, "error"),
        ("makemigrations --empty library", 1, "error"),
        ("validate-migrations", 0, "warning"),
    ],
)
def test_an_installed_app_that_drifts(
    words: str, code: int, severity: str, shop: Shop, library: Path
) -> None:
    installed = sorted(library.rglob("*.py"))
    before = shop.tree()
    done = shop.run(*words.split())
    assert done.code == code, done
    assert f"DRF103 {severity}" in done.said
    assert "Create model Thing" in done.said or "--empty" in words
    assert sorted(library.rglob("*.py")) == installed
    assert shop.new_files(before) == []


def test_an_app_of_another_copy(shop: Shop, tmp_path: Path) -> None:
    shutil.copytree(shop.folder / "orders", tmp_path / "other/orders")
    shop.replace(
        "manage.py",
        "import sys\n",
        f"import sys\nsys.path.insert(0, {str(tmp_path / 'other')!r})\n",
    )
    shop.add_field("gift = models.BooleanField(default=False)", app="orders")
    before = shop.tree()
    done = shop.run("makemigrations")
    assert done.code == 1, done
    assert "ENV102" in done.said
    assert str(tmp_path / "other/orders") in done.stdout
    assert shop.new_files(before) == []


def test_the_same_app_on_the_path_of_the_interpreter(shop: Shop, tmp_path: Path) -> None:
    shutil.copytree(shop.folder / "orders", tmp_path / "other/orders")
    shop.replace("manage.py", "if __name__", "sys.path.append(sys.path.pop(0))\n\nif __name__")
    done = shop.json("pre-check", variables={"PYTHONPATH": str(tmp_path / "other")})
    assert done.code == 0, done
    done = shop.json("validate-migrations", variables={"PYTHONPATH": str(tmp_path / "other")})
    assert (done.code, done.codes) == (1, ["ENV102"])
