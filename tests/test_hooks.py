"""The entry point of commit hooks: it does what the console script does, and loads little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.two_apps import Project

VERB = "validate-migration-dependencies"
MODULES = ("workflow", "workflow.hooks")

UNWANTED = {
    "argparse", "ast", "asyncio", "bz2", "difflib", "django", "docker", "dotenv", "hashlib",
    "inspect", "invoke", "json", "lzma", "pkgutil", "rich", "shutil", "tempfile", "unittest",
}  # fmt: skip
"""What costs time at every commit, or has no business in a gate that reads files."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.create()
    made.commit_all()
    return made


def call(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=project.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("module", MODULES)
def test_a_warm_static_gate_loads_only_what_it_needs(project: Project, module: str) -> None:
    call(project, "-m", module, VERB)

    done = call(project, "-X", "importtime", "-m", module, VERB)

    assert done.returncode == 0, done.stderr
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "workflow.gates.against" in names
    assert {name.partition(".")[0] for name in names} & UNWANTED == set()
    assert not [name for name in names if name.startswith("workflow.rules.grf")]
    assert "workflow.history.parsing" not in names


@pytest.mark.parametrize("module", MODULES)
def test_what_is_found_refuses(project: Project, module: str) -> None:
    project.migration("shop", "0002_x", after=(("shop", "0009_missing"),))
    project.git("add", "--all")

    done = call(project, "-m", module, VERB)

    assert done.returncode == 1
    assert "GRF101" in done.stdout


def test_names_of_files_are_not_taken_for_words(project: Project) -> None:
    done = call(project, "-m", "workflow.hooks", VERB, "--strict", "shop/models.py", "shop/apps.py")

    assert (done.returncode, done.stderr) == (0, "")


def test_options_are_heeded(project: Project) -> None:
    done = call(project, "-m", "workflow.hooks", VERB, "--against", "nowhere")

    assert done.returncode == 2
    assert "--against nowhere: nowhere is no branch, tag or commit of this clone" in done.stderr


@pytest.mark.parametrize("words", [(), ("no-such-verb",)], ids=["none", "unknown"])
def test_no_verb_is_wrong_usage(project: Project, words: tuple[str, ...]) -> None:
    assert call(project, "-m", "workflow.hooks", *words).returncode == 2
