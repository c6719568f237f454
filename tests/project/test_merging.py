"""What a merge would bring, foreseen in real repositories and compared with the merge itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project.old_git import any_git, make_git_old
from tests.two_apps import git
from workflow.errors import CouldNotCheck
from workflow.project.git import Git
from workflow.project.merging import Merge, foresee_merge, texts_at

__all__ = ["any_git"]

LINES = [f"line {number}\n" for number in range(30)]
NOTHING = Merge({}, frozenset())


class Repository:
    """A branch that ``main`` has left, in a folder below the top of a repository."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.folder = top / "site"

    def create(self) -> None:
        self.folder.mkdir(parents=True)
        git(self.top, "init", "--quiet", "--initial-branch=main")
        self.write("one.py", "".join(LINES)).write("two.py", "two\n").write("note.txt", "note\n")
        (self.top / "outside.py").write_text("outside\n", encoding="utf-8")
        self.commit()
        self.git("switch", "--quiet", "--create", "feature")

    def write(self, name: str, text: str) -> Repository:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return self

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def git(self, *words: str) -> str:
        return git(self.top, *words)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Something")

    def on_main(self, change: Callable[[Repository], object]) -> None:
        """Let ``main`` go on; come back to the feature branch."""
        self.git("switch", "--quiet", "main")
        change(self)
        self.commit()
        self.git("switch", "--quiet", "-")

    def merge(self, ref: str = "main") -> Merge:
        asked = Git(self.folder)
        base = asked.shared_commit(ref)
        assert base is not None
        return foresee_merge(asked, ref, base, self.read)

    def read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository")
    repository.create()
    return repository


@pytest.mark.usefixtures("any_git")
class TestEveryGit:
    def test_a_file_comes_in(self, repository: Repository) -> None:
        repository.on_main(lambda there: there.write("app/new.py", "new\n"))
        assert repository.merge() == Merge({"app/new.py": b"new\n"})

    def test_a_file_changes(self, repository: Repository) -> None:
        repository.on_main(lambda there: there.write("two.py", "other\n"))
        assert repository.merge() == Merge({"two.py": b"other\n"})

    def test_a_file_goes(self, repository: Repository) -> None:
        repository.on_main(lambda there: there.remove("two.py"))
        assert repository.merge() == Merge({"two.py": None})

    def test_other_files_and_those_outside_are_left_out(self, repository: Repository) -> None:
        def change(there: Repository) -> None:
            there.write("note.txt", "other\n").write("../outside.py", "other\n")

        repository.on_main(change)
        assert repository.merge() == NOTHING

    def test_what_this_branch_did_stays(self, repository: Repository) -> None:
        repository.write("mine.py", "mine\n")
        repository.remove("two.py")
        repository.commit()
        repository.on_main(lambda there: there.write("new.py", "new\n"))
        assert repository.merge() == Merge({"new.py": b"new\n"})

    def test_both_did_the_same(self, repository: Repository) -> None:
        repository.write("new.py", "new\n").write("two.py", "other\n")
        repository.commit()
        repository.on_main(lambda there: there.write("new.py", "new\n").write("two.py", "other\n"))
        assert repository.merge() == NOTHING

    @pytest.mark.parametrize("committed", [True, False])
    def test_both_added_one_name(self, repository: Repository, committed: bool) -> None:
        repository.on_main(lambda there: there.write("new.py", "theirs\n"))
        repository.write("new.py", "mine\n")
        if committed:
            repository.commit()
        assert repository.merge() == Merge({}, frozenset({"new.py"}))

    @pytest.mark.parametrize("committed", [True, False])
    def test_both_changed_one_line(self, repository: Repository, committed: bool) -> None:
        repository.on_main(lambda there: there.write("two.py", "theirs\n"))
        repository.write("two.py", "mine\n")
        if committed:
            repository.commit()
        assert repository.merge() == Merge({}, frozenset({"two.py"}))

    @pytest.mark.parametrize("committed", [True, False])
    def test_changed_there_and_deleted_here(self, repository: Repository, committed: bool) -> None:
        repository.on_main(lambda there: there.write("two.py", "theirs\n"))
        repository.remove("two.py")
        if committed:
            repository.commit()
        assert repository.merge() == Merge({}, frozenset({"two.py"}))

    @pytest.mark.parametrize("committed", [True, False])
    def test_deleted_there_and_changed_here(self, repository: Repository, committed: bool) -> None:
        repository.on_main(lambda there: there.remove("two.py"))
        repository.write("two.py", "mine\n")
        if committed:
            repository.commit()
        assert repository.merge() == Merge({}, frozenset({"two.py"}))

    def test_the_same_file_written_but_not_added(self, repository: Repository) -> None:
        repository.on_main(lambda there: there.write("new.py", "new\n"))
        repository.write("new.py", "new\r\n")
        assert repository.merge() == NOTHING

    def test_lines_with_other_ends_on_disk(self, repository: Repository) -> None:
        repository.on_main(lambda there: there.write("two.py", "theirs\n"))
        repository.git("config", "core.autocrlf", "true")
        repository.write("two.py", "two\r\n")
        assert repository.merge() == Merge({"two.py": b"theirs\n"})

    def test_the_other_branch_has_nothing_new(self, repository: Repository) -> None:
        repository.write("two.py", "mine\n")
        repository.commit()
        assert repository.merge() == NOTHING

    def test_this_branch_has_nothing_new(self, repository: Repository) -> None:
        repository.on_main(lambda there: there.write("new.py", "new\n"))
        repository.write("mine.py", "not committed\n")
        assert repository.merge() == Merge({"new.py": b"new\n"})

    def test_a_detached_head(self, repository: Repository) -> None:
        repository.write("mine.py", "mine\n")
        repository.commit()
        repository.on_main(lambda there: there.write("new.py", "new\n"))
        repository.git("switch", "--quiet", "--detach", "feature")
        assert repository.merge() == Merge({"new.py": b"new\n"})

    def test_a_worktree(self, repository: Repository, tmp_path: Path) -> None:
        repository.on_main(lambda there: there.write("new.py", "new\n"))
        repository.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"), "HEAD")
        assert Repository(tmp_path / "tree").merge() == Merge({"new.py": b"new\n"})

    def test_a_submodule(self, repository: Repository, tmp_path: Path) -> None:
        outer = tmp_path / "outer"
        outer.mkdir()
        git(outer, "init", "--quiet", "--initial-branch=main")
        git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
            "-b", "feature", str(repository.top), "inner")  # fmt: skip
        inner = Repository(outer / "inner")
        inner.git("branch", "main", "origin/main")
        inner.write("new.py", "new\n")
        inner.commit()
        assert inner.merge() == NOTHING
        inner.on_main(lambda there: there.remove("two.py"))
        assert inner.merge() == Merge({"two.py": None})

    def test_a_submodule_that_moves_and_a_link_are_no_files(self, repository: Repository) -> None:
        repository.git("switch", "--quiet", "main")
        (repository.folder / "link.py").symlink_to("two.py")
        repository.git("add", "site/link.py")
        commit = repository.git("rev-parse", "HEAD")
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},site/sub.py")
        repository.git("commit", "--quiet", "--message", "Links")
        repository.git("switch", "--quiet", "feature")
        assert repository.merge() == NOTHING

    def test_odd_names(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path / 'a "b": c\\d ü')
        repository.create()
        names = ("with space.py", "new\nline.py", "ünï.py", "[x] 'q'.py", "-o.py")
        repository.on_main(lambda there: [there.write(name, "new\n") for name in names])
        repository.write("mine.py", "mine\n")
        repository.commit()
        assert repository.merge() == Merge(dict.fromkeys(names, b"new\n"))

    def test_what_is_no_text_is_given_as_it_is(self, repository: Repository) -> None:
        data = bytes(range(256))
        repository.on_main(lambda there: (there.folder / "new.py").write_bytes(data))
        assert repository.merge() == Merge({"new.py": data})

    def test_it_writes_nothing(self, repository: Repository) -> None:
        repository.write("one.py", "".join(["mine\n", *LINES]))
        repository.commit()
        repository.on_main(lambda there: there.write("one.py", "".join([*LINES, "theirs\n"])))
        repository.write("two.py", "not committed\n").write("new.py", "not added\n")
        before = _everything(repository.top)
        repository.merge()
        assert _everything(repository.top) == before


def _everything(top: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in top.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


class TestWhatGitItselfMerges:
    def test_one_file_changed_in_two_places(self, repository: Repository) -> None:
        repository.write("one.py", "".join(["mine\n", *LINES]))
        repository.commit()
        repository.on_main(lambda there: there.write("one.py", "".join([*LINES, "theirs\n"])))
        assert repository.merge() == Merge(
            {"one.py": "".join(["mine\n", *LINES, "theirs\n"]).encode()}
        )

    def test_a_file_renamed_there_and_changed_here(self, repository: Repository) -> None:
        mine = "".join(["mine\n", *LINES])
        repository.write("one.py", mine)
        repository.commit()
        repository.on_main(lambda there: there.git("mv", "site/one.py", "site/three.py"))
        assert repository.merge() == Merge({"one.py": None, "three.py": mine.encode()})

    def test_a_folder_renamed_there_that_gained_a_file_here(self, repository: Repository) -> None:
        repository.on_main(
            lambda there: there.write("shop/a.py", "a\n" * 9).write("shop/b.py", "b\n" * 9)
        )
        repository.git("merge", "--quiet", "main")
        repository.write("shop/c.py", "c\n")
        repository.commit()
        repository.on_main(lambda there: there.git("mv", "site/shop", "site/store"))
        repository.git("config", "merge.directoryRenames", "true")
        assert repository.merge().texts["store/c.py"] == b"c\n"

    @pytest.mark.parametrize("seed", range(4))
    def test_it_is_what_the_merge_then_makes(self, repository: Repository, seed: int) -> None:
        mine, theirs = seed % 2, seed // 2
        repository.write("one.py", "".join(LINES[mine:])).write("mine.py", "mine\n")
        repository.commit()
        repository.on_main(
            lambda there: there.write("one.py", "".join(LINES[: len(LINES) - theirs])).write(
                "theirs.py", "theirs\n"
            )
        )
        foreseen = repository.merge()
        repository.git("merge", "--quiet", "--no-edit", "main")
        assert foreseen.torn == frozenset()
        assert {name: repository.read(name) for name in foreseen.texts} == foreseen.texts


def test_an_older_git_takes_a_file_that_both_changed_for_torn(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("one.py", "".join(["mine\n", *LINES]))
    repository.commit()
    repository.on_main(lambda there: there.write("one.py", "".join([*LINES, "theirs\n"])))
    make_git_old(tmp_path / "old-git", monkeypatch)
    assert repository.merge() == Merge({}, frozenset({"one.py"}))


def test_no_place_for_throwaway_files(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.on_main(lambda there: there.write("new.py", "new\n"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with pytest.raises(CouldNotCheck, match=r"^no throwaway files can be written for the merge: "):
        repository.merge()


def test_a_conflict_outside_the_folder_is_left_out(repository: Repository) -> None:
    repository.write("../outside.py", "mine\n")
    repository.commit()
    repository.on_main(lambda there: there.write("../outside.py", "theirs\n"))
    assert repository.merge() == NOTHING


def test_the_texts_of_another_commit(repository: Repository) -> None:
    repository.on_main(lambda there: there.write("two.py", "theirs\n").write("new.py", "new\n"))
    repository.write("mine.py", "mine\n")
    texts = texts_at(Git(repository.folder), "main", ["mine.py", "one.py"])
    assert texts == {"mine.py": None, "two.py": b"theirs\n", "new.py": b"new\n"}
