"""Every check in an environment of its own: ``nox`` lists them, ``nox -s NAME`` runs one.

nox -s tests            every supported pair of Python and Django that this machine has
nox -s tests -- -k git  the same, with words for pytest
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "tests", "wheel"]

ROOT = Path(__file__).parent

DJANGOS = {
    "4.2": ("3.10", "3.11", "3.12"),
    "5.2": ("3.10", "3.11", "3.12", "3.13", "3.14"),
    "6.0": ("3.12", "3.13", "3.14"),
    "6.1": ("3.12", "3.13", "3.14"),
}
"""Each Django with the Pythons that it supports, from 3.10 on:
https://docs.djangoproject.com/en/dev/faq/install/#what-python-version-can-i-use-with-django"""

PAIRS = [(python, django) for django, pythons in DJANGOS.items() for python in pythons]

SHELF = """

class Shelf(models.Model):
    name = models.CharField(max_length=20)
"""


def _switch_on_all_of_pyenv() -> None:
    """Let the shims of pyenv find every Python that it has, not only the one in use."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    versions = sorted(path.name for path in root.glob("versions/3.*"))
    versions.sort(key=platform.python_version().__ne__)  # the one in use stays the first
    if versions:
        os.environ.setdefault("PYENV_VERSION", ":".join(versions))


_switch_on_all_of_pyenv()


def _group(name: str) -> tuple[str, ...]:
    """Return the requirements of one dependency group of pyproject.toml."""
    return nox.project.dependency_groups(nox.project.load_toml(ROOT / "pyproject.toml"), name)


@nox.session
@nox.parametrize("python,django", PAIRS, ids=[f"{py}-django{dj}" for py, dj in PAIRS])
def tests(session: nox.Session, django: str) -> None:
    """Run the tests, except those on real projects."""
    session.install("--editable", ".", f"django~={django}.0", *_group("test"))
    session.run("pytest", "-n", "auto", "-m", "not pypi", *session.posargs)


@nox.session
def projects(session: nox.Session) -> None:
    """Run the flows on real projects from the package index, unchanged."""
    session.install("--editable", ".", *_group("test"))
    session.run("pytest", "-m", "pypi", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and import contracts."""
    session.install("--editable", ".", *_group("dev"))
    session.run("inv", "lint")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it far from the checkout, and use it there on a real project."""
    session.install("build")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--wheel", "--outdir", folder, str(ROOT), silent=True)
        [built] = Path(folder).glob("*.whl")
        session.install("--force-reinstall", str(built))
        shop = Path(folder, "shop")
        shutil.copytree(
            ROOT / "example", shop, ignore=shutil.ignore_patterns("*.sqlite3", ".env", ".workflow")
        )
        session.chdir(shop)
        session.env["PYTHONPATH"] = ""
        with (shop / "catalogue/models.py").open("a", encoding="utf-8") as models:
            models.write(SHELF)
        for verb in (
            "makemigrations",
            "migrate-safe",
            "validate-migrations --strict",
            "explain GRF101",
        ):
            session.run("migration-workflow", *verb.split())
        if not (shop / "catalogue/migrations/0011_shelf.py").is_file():
            session.error("the migration was not written")
        Path("tasks.py").write_text(
            "from workflow.tasks import namespace\n\nns = namespace\n", encoding="utf-8"
        )
        session.run("inv", "test-migrations-clean")


@nox.session(python="3.11")
def fuzz(session: nox.Session) -> None:
    """Fuzz the static gate, guided by coverage: 100,000 inputs, kept in nox's cache."""
    session.install("--editable", ".", "atheris>=3")
    folder = Path(session.cache_dir, "fuzzed")
    words = session.posargs or ["-runs=100000"]
    session.run("python", "-m", "tests.fuzz.fuzz_history", str(folder), *words)


@nox.session(name="fuzz-rendering")
def fuzz_rendering(session: nox.Session) -> None:
    """Run random histories as Django does and as scratch databases are migrated: 2,000 of them."""
    session.install("--editable", ".", *_group("test"))
    session.run("python", "-m", "tests.fuzz.rendering", *(session.posargs or ["0", "2000"]))


@nox.session(name="benchmark-static")
def benchmark_static(session: nox.Session) -> None:
    """Measure the static gate on real histories, and beside Django's own commands."""
    session.install("--editable", ".", "matplotlib>=3.8", *_group("test"))
    folder = Path(session.cache_dir, "static-gate")
    session.run("python", "-m", "benchmarks.static_gate", str(folder), *session.posargs)


@nox.session(python="3.11")
def faults(session: nox.Session) -> None:
    """Kill the migrator and the server at every step, on each engine: hours, carried on if cut."""
    session.install("--editable", ".", *_group("test"), *_group("servers"))
    file = Path(session.cache_dir, "faults.jsonl")
    session.run("python", "-m", "benchmarks.faults", str(file), *session.posargs)
