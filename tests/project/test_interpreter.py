"""Which Python runs the project: each place in its order, and what is passed over."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workflow.errors import CouldNotCheck
from workflow.project.interpreter import Interpreter, find_interpreter, has_django

OWN = Interpreter((sys.executable,), "the environment of migration-workflow itself")


def environment(folder: Path, *, django: bool = True, python: Path = Path(sys.executable)) -> Path:
    """Lay out a virtual environment, with Django in it or without."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(python)
    packages = folder / "lib/python3.12/site-packages"
    packages.mkdir(parents=True)
    if django:
        (packages / "django").mkdir()
        (packages / "django/__init__.py").touch()
    return folder


def python_of(folder: Path) -> tuple[str, ...]:
    return (str(folder / "bin/python"),)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The top of a repository; the project is in a folder below."""
    (tmp_path / "root/site").mkdir(parents=True)
    return tmp_path / "root"


@pytest.fixture
def site(root: Path) -> Path:
    return root / "site"


class TestConfigured:
    def test_it_wins_over_every_environment(self, root: Path, site: Path, tmp_path: Path) -> None:
        environment(site / ".venv")
        chosen = environment(tmp_path / "chosen", django=False)
        found = find_interpreter(site, root, str(chosen / "bin/python"), {"VIRTUAL_ENV": "/x"})
        assert found == Interpreter(python_of(chosen), "python in the configuration")

    def test_a_path_is_relative_to_the_root(self, root: Path, site: Path) -> None:
        environment(root / "tools/env")
        found = find_interpreter(site, root, "tools/env/bin/python", {})
        assert found.argv == python_of(root / "tools/env")

    def test_a_folder_means_the_python_in_it(self, root: Path, site: Path) -> None:
        environment(root / "tools/env")
        assert find_interpreter(site, root, "tools/env", {}).argv == python_of(root / "tools/env")

    def test_a_name_is_looked_up_when_it_is_run(self, root: Path, site: Path) -> None:
        assert find_interpreter(site, root, "python3", {}).argv == ("python3",)

    def test_the_home_directory_may_be_short(
        self, root: Path, site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        environment(tmp_path / "env")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert find_interpreter(site, root, "~/env", {}).argv == python_of(tmp_path / "env")

    @pytest.mark.parametrize("configured", ["gone/bin/python", "empty/"])
    def test_one_that_is_not_there(self, root: Path, site: Path, configured: str) -> None:
        (root / "empty").mkdir()
        with pytest.raises(CouldNotCheck, match=r"^the configured interpreter is not there: ") as e:
            find_interpreter(site, root, configured, {})
        assert str(root) in str(e.value)


class TestOrder:
    """Every place is filled; the first is taken away each time."""

    @pytest.fixture
    def places(self, root: Path, site: Path, tmp_path: Path) -> list[tuple[str, Path]]:
        return [
            ("VIRTUAL_ENV", environment(tmp_path / "active")),
            ("uv-env", environment(site / "uv-env")),
            (".venv", environment(site / ".venv")),
            ("venv", environment(site / "venv")),
            ("uv-env", environment(root / "uv-env")),
            (".venv", environment(root / ".venv")),
            ("venv", environment(root / "venv")),
        ]

    def test_each_origin_in_order(
        self, root: Path, site: Path, tmp_path: Path, places: list[tuple[str, Path]]
    ) -> None:
        variables = {
            "VIRTUAL_ENV": str(tmp_path / "active"),
            "UV_PROJECT_ENVIRONMENT": "uv-env",
        }
        for origin, folder in places:
            found = find_interpreter(site, root, None, variables)
            assert found == Interpreter(python_of(folder), origin)
            folder.rename(folder.with_name(f"{folder.name}.gone"))
        assert find_interpreter(site, root, None, variables) == OWN

    def test_nothing_above_the_root_is_looked_at(self, root: Path, site: Path) -> None:
        environment(root.parent / ".venv")
        assert find_interpreter(site, root, None, {}) == OWN

    def test_an_absolute_environment_of_uv(self, root: Path, site: Path, tmp_path: Path) -> None:
        elsewhere = environment(tmp_path / "elsewhere")
        found = find_interpreter(site, root, None, {"UV_PROJECT_ENVIRONMENT": str(elsewhere)})
        assert found.argv == python_of(elsewhere)


class TestPassedOver:
    def test_an_active_environment_without_django(
        self, root: Path, site: Path, tmp_path: Path
    ) -> None:
        active = environment(tmp_path / "active", django=False)
        environment(site / ".venv")
        found = find_interpreter(site, root, None, {"VIRTUAL_ENV": str(active)})
        assert found == Interpreter(python_of(site / ".venv"), ".venv")

    def test_an_active_environment_that_is_gone(self, root: Path, site: Path) -> None:
        assert find_interpreter(site, root, None, {"VIRTUAL_ENV": str(root / "gone")}) == OWN

    def test_an_environment_whose_python_is_gone(self, root: Path, site: Path) -> None:
        environment(site / ".venv", python=root / "gone")
        assert find_interpreter(site, root, None, {}) == OWN

    def test_a_folder_that_is_no_environment(self, root: Path, site: Path) -> None:
        (site / "venv").mkdir()
        assert find_interpreter(site, root, None, {}) == OWN
        assert not has_django(site / "venv")


class TestPoetry:
    """Poetry is asked only where its lock file says that it is used here."""

    @pytest.fixture
    def kept(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A poetry on the path that knows one environment, and notes where it was asked."""
        kept = environment(tmp_path / "kept")
        program = tmp_path / "bin/poetry"
        program.parent.mkdir()
        program.write_text(
            f'#!/bin/sh\necho "$PWD $*" >> {tmp_path}/asked\n'
            f"[ -e {tmp_path}/broken ] && exit 1\necho {kept}\n",
            encoding="utf-8",
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=":")
        return kept

    def test_with_a_lock_file(self, root: Path, site: Path, tmp_path: Path, kept: Path) -> None:
        (root / "poetry.lock").touch()
        found = find_interpreter(site, root, None, {})
        assert found == Interpreter(python_of(kept), "Poetry")
        asked = (tmp_path / "asked").read_text(encoding="utf-8")
        assert asked == f"{root} env info --path\n"

    @pytest.mark.usefixtures("kept")
    def test_without_one_it_is_not_asked(self, root: Path, site: Path, tmp_path: Path) -> None:
        assert find_interpreter(site, root, None, {}) == OWN
        assert not (tmp_path / "asked").exists()

    @pytest.mark.usefixtures("kept")
    def test_an_environment_in_the_project_comes_first(
        self, root: Path, site: Path, tmp_path: Path
    ) -> None:
        (root / "poetry.lock").touch()
        environment(root / ".venv")
        assert find_interpreter(site, root, None, {}).origin == ".venv"
        assert not (tmp_path / "asked").exists()

    @pytest.mark.usefixtures("kept")
    def test_one_that_fails_is_passed_over(self, root: Path, site: Path, tmp_path: Path) -> None:
        (root / "poetry.lock").touch()
        (tmp_path / "broken").touch()
        assert find_interpreter(site, root, None, {}) == OWN

    def test_one_that_is_not_installed_is_passed_over(
        self, root: Path, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (root / "poetry.lock").touch()
        monkeypatch.setenv("PATH", str(root))
        assert find_interpreter(site, root, None, {}) == OWN
