"""What git says about a tree, asked of real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.two_apps import git
from workflow.project.git import Git

ODD = ["with space.py", "new\nline.py", "ünï.py", "[x] 'q'.py"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit on main with two files in a folder below."""
    top = tmp_path / "repository"
    (top / "site").mkdir(parents=True)
    git(top, "init", "--quiet", "--initial-branch=main")
    (top / "site/one.py").write_text("1\n" * 20, encoding="utf-8")
    (top / "site/two.py").write_text("2\n", encoding="utf-8")
    (top / "outside.py").touch()
    commit(top, "First")
    return top


def commit(top: Path, message: str) -> str:
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--message", message)
    return git(top, "rev-parse", "HEAD")


def test_the_top_is_found_from_below(repository: Path) -> None:
    assert Git(repository / "site").top == repository


def test_outside_git_everything_is_silent(tmp_path: Path) -> None:
    asked = Git(tmp_path)
    assert (asked.top, asked.branch, asked.main_branch, asked.branch_point) == (None,) * 4
    assert asked.uncommitted() == []
    assert asked.changed_since("HEAD") == []
    assert asked.files_at("HEAD") is None


def test_without_git_on_the_machine_everything_is_silent(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert Git(repository).top is None
    assert Git(repository).uncommitted() == []


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "one.py").touch()
    asked = Git(tmp_path)
    assert (asked.branch, asked.main_branch, asked.branch_point) == ("main", None, None)
    assert asked.uncommitted() == ["one.py"]


def test_the_branch(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "feature/x")
    assert Git(repository).branch == "feature/x"


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--detach")
    asked = Git(repository)
    assert asked.branch is None
    assert asked.main_branch == "main"


def test_a_worktree(repository: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "--quiet", "-b", "feature", str(tree))
    (tree / "site/new.py").touch()
    asked = Git(tree / "site")
    assert (asked.top, asked.branch) == (tree, "feature")
    assert asked.uncommitted() == ["new.py"]
    assert Git(repository / "site").uncommitted() == []


class TestMainBranch:
    def test_what_the_remote_says_comes_first(self, repository: Path, tmp_path: Path) -> None:
        git(repository, "branch", "--quiet", "--move", "main", "trunk")
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", str(repository), str(clone))
        git(clone, "branch", "main")
        assert Git(clone).main_branch == "origin/trunk"

    @pytest.mark.parametrize("name", ["main", "master"])
    def test_else_a_usual_name(self, repository: Path, name: str) -> None:
        git(repository, "branch", "--quiet", "--move", "main", name)
        git(repository, "switch", "--quiet", "--create", "feature")
        assert Git(repository).main_branch == name

    def test_what_is_configured_wins(self, repository: Path) -> None:
        assert Git(repository, "develop").main_branch == "develop"

    def test_there_may_be_none(self, repository: Path) -> None:
        git(repository, "branch", "--quiet", "--move", "main", "trunk")
        assert Git(repository).main_branch is None
        assert Git(repository).branch_point is None


class TestBranchPoint:
    def test_on_main_itself_there_is_none(self, repository: Path) -> None:
        assert Git(repository).branch_point is None

    def test_right_after_branching_there_is_none_yet(self, repository: Path) -> None:
        git(repository, "switch", "--quiet", "--create", "feature")
        assert Git(repository).branch_point is None

    def test_it_is_where_the_branch_left(self, repository: Path) -> None:
        left = git(repository, "rev-parse", "HEAD")
        git(repository, "switch", "--quiet", "--create", "feature")
        (repository / "site/three.py").touch()
        commit(repository, "Second")
        git(repository, "switch", "--quiet", "main")
        (repository / "site/four.py").touch()
        commit(repository, "Third")
        git(repository, "switch", "--quiet", "feature")
        assert Git(repository).branch_point == left

    def test_a_branch_that_shares_nothing_with_main(self, repository: Path) -> None:
        git(repository, "switch", "--quiet", "--orphan", "other")
        (repository / "alone.py").touch()
        commit(repository, "Alone")
        assert Git(repository).branch_point is None

    def test_a_configured_branch_that_is_not_there(self, repository: Path) -> None:
        assert Git(repository, "no-such-branch").branch_point is None


class TestUncommitted:
    def test_a_clean_tree(self, repository: Path) -> None:
        assert Git(repository).uncommitted() == []

    def test_changed_staged_and_new_files(self, repository: Path) -> None:
        (repository / "site/one.py").write_text("changed", encoding="utf-8")
        (repository / "site/staged.py").touch()
        git(repository, "add", "site/staged.py")
        (repository / "site/deep").mkdir()
        (repository / "site/deep/new.py").touch()
        found = Git(repository / "site").uncommitted()
        assert sorted(found) == ["deep/new.py", "one.py", "staged.py"]

    def test_files_outside_the_directory_are_left_out(self, repository: Path) -> None:
        (repository / "outside.py").write_text("changed", encoding="utf-8")
        assert Git(repository / "site").uncommitted() == []

    def test_a_renamed_file_has_its_new_name_only(self, repository: Path) -> None:
        git(repository, "mv", "site/one.py", "site/renamed.py")
        assert Git(repository / "site").uncommitted() == ["renamed.py"]

    def test_a_file_renamed_beside_others(self, repository: Path) -> None:
        git(repository, "mv", "site/one.py", "site/zzz.py")
        (repository / "site/two.py").write_text("changed", encoding="utf-8")
        assert sorted(Git(repository / "site").uncommitted()) == ["two.py", "zzz.py"]

    def test_a_file_that_is_gone(self, repository: Path) -> None:
        (repository / "site/two.py").unlink()
        assert Git(repository / "site").uncommitted() == ["two.py"]

    @pytest.mark.parametrize("name", ODD)
    def test_odd_names(self, repository: Path, name: str) -> None:
        (repository / "site" / name).touch()
        assert Git(repository / "site").uncommitted() == [name]


class TestFiles:
    def test_files_at_a_commit_are_relative_to_the_directory(self, repository: Path) -> None:
        before = git(repository, "rev-parse", "HEAD")
        (repository / "site/later.py").touch()
        commit(repository, "Second")
        assert Git(repository / "site").files_at(before) == ["one.py", "two.py"]

    def test_files_at_no_commit(self, repository: Path) -> None:
        assert Git(repository).files_at("no-such-commit") is None

    @pytest.mark.parametrize("name", ODD)
    def test_odd_names(self, repository: Path, name: str) -> None:
        before = git(repository, "rev-parse", "HEAD")
        (repository / "site" / name).touch()
        now = commit(repository, "Odd")
        asked = Git(repository / "site")
        assert asked.files_at(now) == sorted([name, "one.py", "two.py"])
        assert asked.changed_since(before) == [name]

    def test_changed_since_counts_what_is_not_committed(self, repository: Path) -> None:
        before = git(repository, "rev-parse", "HEAD")
        (repository / "site/one.py").write_text("changed", encoding="utf-8")
        (repository / "outside.py").write_text("changed", encoding="utf-8")
        assert Git(repository / "site").changed_since(before) == ["one.py"]


def test_a_folder_with_spaces_and_other_letters(tmp_path: Path) -> None:
    top = tmp_path / "mein [alter] Ordner ü"
    top.mkdir()
    git(top, "init", "--quiet", "--initial-branch=main")
    (top / "one.py").touch()
    assert Git(top).top == top
    assert Git(top).uncommitted() == ["one.py"]


def test_a_folder_whose_name_ends_in_a_new_line(tmp_path: Path) -> None:
    top = tmp_path / "odd\n"
    top.mkdir()
    git(top, "init", "--quiet", "--initial-branch=main")
    (top / "one.py").touch()
    assert Git(top).top == top
    assert Git(top).uncommitted() == ["one.py"]
