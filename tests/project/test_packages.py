"""Where the packages of the project's Python are, by path alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workflow.project.packages import Packages, find_packages


def environment(folder: Path, *, django: bool = True, version: str = "python3.12") -> Path:
    """Lay out a virtual environment; return its folder of packages."""
    site = folder / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(sys.executable)
    if django:
        (site / "django").mkdir()
        (site / "django/__init__.py").touch()
    return site


def interpreter(prefix: Path, name: str) -> None:
    """Make ``bin/python3`` a link to ``bin/name``, as Debian does."""
    (prefix / "bin").mkdir(parents=True, exist_ok=True)
    (prefix / "bin" / name).touch(mode=0o755)
    (prefix / "bin/python3").symlink_to(name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def test_those_of_the_virtual_environment(root: Path) -> None:
    site = environment(root / ".venv")
    assert find_packages(root, root, None, {}) == Packages((site,))


def test_one_without_django_is_passed_over(root: Path, tmp_path: Path) -> None:
    environment(root / ".venv", django=False)
    site = environment(tmp_path / "active")
    found = find_packages(root, root, None, {"VIRTUAL_ENV": str(tmp_path / "active")})
    assert found == Packages((site,))


@pytest.mark.parametrize("named", ["tools/env", "tools/env/bin/python"])
def test_those_of_the_configured_interpreter(root: Path, named: str) -> None:
    environment(root / ".venv")
    site = environment(root / "tools/env", django=False)
    assert find_packages(root, root, named, {}) == Packages((site,))


def test_none_where_the_configured_interpreter_is_not_there(root: Path) -> None:
    environment(root / ".venv")
    assert find_packages(root, root, "gone/bin/python", {}).folders == ()
    assert find_packages(root, root, "no-such-python-anywhere", {}).folders == ()


def test_an_interpreter_by_name_is_looked_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = environment(root / "env")
    monkeypatch.setenv("PATH", str(root / "env/bin"))
    assert find_packages(root, root, "python", {}) == Packages((site,))


def test_debian_has_its_own_folders(root: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "usr"
    interpreter(prefix, "python3.12")
    folders = ("lib/python3/dist-packages", "local/lib/python3.12/dist-packages")
    for name in (*folders, "local/lib/python3.9/dist-packages"):
        (prefix / name).mkdir(parents=True)
    found = find_packages(root, root, str(prefix / "bin/python3"), {})
    assert found == Packages(tuple(prefix / name for name in folders))


def test_of_several_versions_the_interpreter_s_own(root: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "local"
    interpreter(prefix, "python3.12")
    for version in ("python3.11", "python3.12"):
        (prefix / "lib" / version / "site-packages").mkdir(parents=True)
    found = find_packages(root, root, str(prefix / "bin/python3"), {})
    assert found == Packages((prefix / "lib/python3.12/site-packages",))


def test_none_where_the_version_is_not_certain(root: Path) -> None:
    environment(root / "tools/env", version="python3.1")
    (root / "tools/env/lib/python3.2/site-packages").mkdir(parents=True)
    assert find_packages(root, root, "tools/env", {}).folders == ()


@pytest.mark.parametrize("named", ["loop/python", "tools/\0", "~nobody-at-all/python"])
def test_none_where_the_path_is_no_good(root: Path, named: str) -> None:
    (root / "loop").symlink_to("loop")
    assert find_packages(root, root, named, {}) == Packages()


def test_what_comes_before_them_counts(root: Path, tmp_path: Path) -> None:
    site = environment(root / ".venv")
    found = find_packages(root, root, None, {"PYTHONPATH": str(tmp_path)})
    assert found == Packages((tmp_path, site))


class TestOwn:
    """The environment that this tool is installed in."""

    def test_it_is_the_last_and_not_sure(self, root: Path) -> None:
        found = find_packages(root, root, None, {})
        assert found.folders
        assert set(map(str, found.folders)) <= set(sys.path)
        assert not found.are_sure

    @pytest.mark.parametrize("configured", [None, "python"])
    def test_it_is_not_sure_where_it_is_active(
        self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: str | None
    ) -> None:
        hooks = tmp_path / "hooks"
        site = environment(hooks)
        monkeypatch.setattr(sys, "prefix", str(hooks))
        monkeypatch.setenv("PATH", str(hooks / "bin"))
        found = find_packages(root, root, configured, {"VIRTUAL_ENV": str(hooks)})
        assert found == Packages((site,), are_sure=False)

    def test_it_is_sure_inside_the_project(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = environment(root / ".venv")
        monkeypatch.setattr(sys, "prefix", str(root / ".venv"))
        assert find_packages(root, root, None, {}) == Packages((site,))

    def test_it_is_not_taken_where_poetry_may_have_another(self, root: Path) -> None:
        (root / "poetry.lock").touch()
        assert find_packages(root, root, None, {}) == Packages()
