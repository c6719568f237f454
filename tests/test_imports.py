"""What the doors import before they know that it is needed: not Django, Docker or Rich."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
HEAVY = {"django", "docker", "rich"}


def imported(*argv: str, cwd: Path) -> set[str]:
    """Return the top-level packages that a Python program imports, seen by the interpreter."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *argv],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_what_is_imported_is_seen() -> None:
    assert "json" in imported("-c", "import json.decoder", cwd=ROOT)


@pytest.mark.parametrize(
    "words",
    [("migration-workflow", "--help"), ("migration-workflow", "--version"), ("inv", "--list")],
    ids=" ".join,
)
def test_help_and_lists_import_nothing_heavy(words: tuple[str, ...]) -> None:
    found = imported(str(BIN / words[0]), *words[1:], cwd=ROOT)

    assert "workflow" in found
    assert found & HEAVY == set()


def test_help_of_a_verb_imports_nothing_heavy_and_no_invoke() -> None:
    found = imported(str(BIN / "migration-workflow"), "makemigrations", "--help", cwd=ROOT)

    assert found & (HEAVY | {"invoke"}) == set()


def test_the_static_gate_imports_neither_django_nor_docker_nor_invoke(tmp_path: Path) -> None:
    package = tmp_path / "blog" / "migrations"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()

    found = imported(
        str(BIN / "migration-workflow"), "validate-migration-dependencies", cwd=tmp_path
    )

    assert found & {"django", "docker", "invoke", "asyncio"} == set()


@pytest.mark.parametrize("module", ["history.reading", "rules", "outcome", "runner"])
def test_the_pure_parts_import_no_django_docker_or_subprocess(module: str) -> None:
    found = imported("-c", f"import workflow.{module}", cwd=ROOT)

    assert found & (HEAVY | {"subprocess", "invoke", "dotenv"}) == set()
