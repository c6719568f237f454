"""The tool that keeps the packages is found by its files, and commands are run through it."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.setup.manager import find_manager

FILES = {
    "uv.lock": ("uv", "uv run migration-workflow"),
    "poetry.lock": ("poetry", "poetry run migration-workflow"),
    "pdm.lock": ("pdm", "pdm run migration-workflow"),
    "requirements.txt": ("pip", "migration-workflow"),
    ".venv/pyvenv.cfg": ("pip", ".venv/bin/migration-workflow"),
    "venv/pyvenv.cfg": ("pip", "venv/bin/migration-workflow"),
}


def touch(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("below", ["", "backend"])
def test_a_file_tells_it(tmp_path: Path, file: str, below: str) -> None:
    touch(tmp_path / file)
    manager = find_manager(tmp_path / below, tmp_path)
    assert (manager.name, manager.command(tmp_path)) == FILES[file]


@pytest.mark.parametrize("name", ["uv", "poetry", "pdm"])
def test_a_table_tells_it_where_there_is_no_lock_file(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "pyproject.toml", f"[tool.{name}]\n")
    manager = find_manager(tmp_path, tmp_path)
    assert (manager.name, manager.sign) == (name, "pyproject.toml")


def test_a_lock_file_counts_before_a_table(tmp_path: Path) -> None:
    touch(tmp_path / "pyproject.toml", "[tool.poetry]\n")
    touch(tmp_path / "uv.lock")
    assert find_manager(tmp_path, tmp_path).name == "uv"


def test_nothing_above_the_top_is_looked_at(tmp_path: Path) -> None:
    touch(tmp_path / "uv.lock")
    (tmp_path / "top").mkdir()
    assert find_manager(tmp_path / "top", tmp_path / "top").name == "pip"


def test_an_environment_is_named_from_where_the_command_is_run(tmp_path: Path) -> None:
    touch(tmp_path / "backend/.venv/pyvenv.cfg")
    manager = find_manager(tmp_path / "backend", tmp_path)
    assert manager.command(tmp_path) == "backend/.venv/bin/migration-workflow"
    assert manager.command(tmp_path / "backend") == ".venv/bin/migration-workflow"


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("uv.lock", "uv sync"),
        ("requirements.txt", "python -m pip install -r requirements.txt"),
        ("requirements-dev.txt", "python -m pip install -r requirements-dev.txt"),
        ("setup.py", "python -m pip install -e ."),
    ],
)
def test_what_installs_the_project_is_known(tmp_path: Path, file: str, command: str) -> None:
    touch(tmp_path / file)
    assert find_manager(tmp_path, tmp_path).install == command
