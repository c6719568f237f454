"""The agent in other Pythons, with other Djangos, than those that run the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Shop

pytestmark = pytest.mark.pypi

OLDEST = ("3.8", "django~=4.2.0")
NEWEST = ("3.13", "django>=6.0")
COLOUR = "catalogue/migrations/0011_product_colour.py"


def find_python(version: str) -> str | None:
    """Find a Python of a version on the path, or among those that pyenv has installed."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
    return str(installed[-1]) if installed else shutil.which(f"python{version}")


@pytest.fixture(scope="module", params=[OLDEST, NEWEST], ids=lambda pair: f"{pair[0]}, {pair[1]}")
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment of another Python, with a Django that goes with it."""
    version, django = request.param
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    folder = tmp_path_factory.mktemp("environment") / f"python {version}"
    subprocess.run([python, "-m", "venv", str(folder)], check=True, capture_output=True)
    install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet"]
    done = subprocess.run([*install, django, "python-dotenv"], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return folder


@pytest.fixture
def other(shop: Shop, environment: Path) -> Shop:
    """The shop in that environment, named in the configuration by its folder."""
    shop.configure(f'python = "{environment}"')
    for folder in shop.folder.rglob("__pycache__"):
        shutil.rmtree(folder)
    return shop


def test_every_flow_passes(other: Shop, environment: Path) -> None:
    done = other.run("enforce-dev-environment", "--verbose")
    assert done.code == 0, done
    assert f"python {environment.name.removeprefix('python ')}." in done.said
    assert "python in the configuration" in done.said
    other.add_field("colour = models.CharField(max_length=20)")
    for words in (
        ["makemigrations", "--answer", "default:product.colour='red'"],
        ["check-migrations"],
        ["migrate-safe"],
        ["test-migrations-clean"],
        ["makemigrations", "--empty", "orders"],
        ["validate-migrations"],
    ):
        done = other.json(*words)
        assert done.code == 0, done
    assert "colour" in (other.folder / COLOUR).read_text(encoding="utf-8")
    assert ("catalogue", "0011_product_colour") in other.applied()


@pytest.mark.parametrize("body", ["", "atomic = False"], ids=["as one", "stepwise"])
def test_a_failing_apply_is_undone(body: str, other: Shop) -> None:
    other.add_migration(
        "migrations.RunSQL(\"INSERT INTO catalogue_tag (name) VALUES ('written')\")",
        "migrations.RunPython(work)",
        head="""
        def work(apps, schema_editor):
            if os.path.exists("flag"):
                raise ValueError("the second time")
            open("flag", "w").close()
        """,
        body=body,
    )
    before = other.dump()
    done = other.json("migrate-safe")
    assert done.code == 1, done
    assert "DAT204" in done.codes
    assert "as it was before" in done.stdout
    assert other.dump() == before


def test_questions_and_refusals(other: Shop) -> None:
    other.replace("catalogue/models.py", "    description = ", "    text = ")
    done = other.json("makemigrations")
    assert (done.code, done.codes[-1]) == (1, "DRF104")
    done = other.json("makemigrations", "--answer", "rename-field:product.description:text=yes")
    assert done.code == 0, done
    other.add_migration(name="0011_other")
    done = other.json("makemigrations", "--merge", "--answer", "merge:catalogue=yes")
    assert done.code == 0, done


def test_a_killed_host_leaves_nothing(other: Shop) -> None:
    other.add_migration(
        "migrations.RunPython(work)",
        head="""
        def work(apps, schema_editor):
            open("../meeting", "w").close()
            while True:
                pass
        """,
    )
    os.mkfifo(other.meeting)
    before = other.dump()
    done = other.sabotaged("migrate-safe", at="rehearsing catalogue.0011_more", do="KILL")
    assert done.code == -9
    from tests.e2e.test_kills import expect_processes_gone

    expect_processes_gone(other)
    assert other.dump() == before
