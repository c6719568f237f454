"""What git says of migrations that the journal knows nothing about."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.gates.test_pre_check import RECORD, found
from workflow.outcome import Severity

if TYPE_CHECKING:
    from tests.two_apps import Project

COLUMN = 'migrations.AddField("product", "{0}", models.IntegerField(null=True))'
At = Callable[..., str]
FILE = "shop/migrations/0002_price.py"


@pytest.fixture
def applied(project: Project) -> Project:
    """A project that applied a migration with Django's own command, after it was committed."""
    project.migration("shop", "0002_price", COLUMN.format("price"))
    project.commit_all()
    project.manage("migrate")
    later(project)
    return project


def later(project: Project) -> None:
    """Let what was applied be of the day before, and the commits before that of another day."""
    project.query("UPDATE django_migrations SET applied = '2024-03-02 12:00:00'")
    project.git("commit", "--quiet", "--amend", "--no-edit", "--date=2024-03-01T12:00:00Z")


@pytest.fixture(autouse=True)
def committed_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2024-03-01T12:00:00Z")


def edit(project: Project, day: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"{day}T12:00:00Z")
    project.migration("shop", "0002_price", COLUMN.format("cost"))
    project.git("add", FILE)
    project.git("commit", "--quiet", "--message=Edit", f"--date={day}T12:00:00Z")
    return project.git("rev-parse", "--short", "HEAD")


class TestHIS112:
    def test_the_commit_that_edited_it(
        self, applied: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit = edit(applied, "2024-03-05", monkeypatch)
        (finding,) = found(applied, "HIS112")
        assert (finding.severity, finding.path) == (Severity.WARNING, FILE)
        assert finding.message.startswith(
            f"shop.0002_price was edited in commit {commit} of 2024-03-05, after it was applied "
            "to the database 'default'. It is not applied again"
        )

    def test_one_that_is_not_committed(self, applied: Project) -> None:
        applied.migration("shop", "0002_price", COLUMN.format("cost"))
        (finding,) = found(applied, "HIS112")
        assert "was edited (not committed) after it was applied" in finding.message

    def test_silent_for_one_that_was_edited_before(
        self, applied: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edit(applied, "2024-03-05", monkeypatch)
        applied.query("UPDATE django_migrations SET applied = '2024-03-06 12:00:00'")
        assert found(applied, "HIS112") == []

    def test_silent_for_one_that_was_committed_later(
        self, applied: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What it was when it was applied, git does not know."""
        edit(applied, "2024-03-05", monkeypatch)
        applied.query("UPDATE django_migrations SET applied = '2024-02-01 12:00:00'")
        assert found(applied, "HIS112") == []

    def test_silent_for_a_file_that_nothing_was_done_to_since(
        self, applied: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was edited, applied and then committed: the newest commit at that time is older."""
        applied.migration("shop", "0002_price", COLUMN.format("cost"))
        applied.query("UPDATE django_migrations SET applied = datetime('now', '+1 second')")
        monkeypatch.setenv("GIT_COMMITTER_DATE", "2037-01-01T12:00:00Z")
        applied.git("commit", "--quiet", "--all", "--message=Edit")
        assert found(applied, "HIS112") == []

    def test_silent_for_a_comment(self, applied: Project) -> None:
        file = applied.folder / FILE
        file.write_text("# of no meaning\n" + file.read_text())
        assert found(applied, "HIS112") == []

    def test_silent_for_a_file_that_was_only_touched(self, applied: Project) -> None:
        """Git names it as another one, until it looks into it."""
        (applied.folder / FILE).touch()
        assert found(applied, "HIS112") == []

    def test_silent_without_a_change(self, applied: Project) -> None:
        assert found(applied, "HIS112") == []


class TestHIS112OfOtherBranches:
    """Commits have other dates than what they bring, and git logs what was checked out when."""

    @pytest.fixture
    def at(self, applied: Project, monkeypatch: pytest.MonkeyPatch) -> At:
        """Run git at an hour of the day on which everything was applied at noon."""

        def run(hour: int, *words: str) -> str:
            for name in ("GIT_COMMITTER_DATE", "GIT_AUTHOR_DATE"):
                monkeypatch.setenv(name, f"2024-03-02T{hour}:00:00Z")
            said: str = applied.git(*words)
            return said

        return run

    @staticmethod
    def edit(project: Project, at: At, hour: int) -> None:
        project.migration("shop", "0002_price", COLUMN.format("cost"))
        at(hour, "commit", "--quiet", "--all", "--message=Edit")

    @staticmethod
    def other(project: Project, at: At, hour: int) -> None:
        project.write("other.txt", str(hour))
        at(hour, "add", "other.txt")
        at(hour, "commit", "--quiet", "--message=Other")

    @pytest.mark.parametrize("is_logged", [True, False])
    def test_silent_after_a_rebase(self, applied: Project, at: At, *, is_logged: bool) -> None:
        at(10, "switch", "--quiet", "--create=mine")
        self.edit(applied, at, 10)
        at(13, "switch", "--quiet", "main")
        self.other(applied, at, 13)
        at(14, "switch", "--quiet", "mine")
        at(14, "rebase", "--quiet", "main")
        if not is_logged:
            shutil.rmtree(applied.folder / ".git/logs")
        assert found(applied, "HIS112") == []

    @pytest.mark.parametrize("is_logged", [True, False])
    def test_silent_after_the_main_branch_was_merged(
        self, applied: Project, at: At, *, is_logged: bool
    ) -> None:
        at(9, "switch", "--quiet", "--create=mine")
        self.edit(applied, at, 9)
        at(10, "switch", "--quiet", "main")
        self.other(applied, at, 10)
        at(11, "switch", "--quiet", "mine")
        at(13, "merge", "--quiet", "--no-edit", "main")
        if not is_logged:
            shutil.rmtree(applied.folder / ".git/logs")
        assert found(applied, "HIS112") == []

    def test_silent_where_the_clock_of_who_committed_it_was_fast(
        self, applied: Project, at: At
    ) -> None:
        applied.migration("shop", "0002_price", COLUMN.format("cost"))
        at(13, "add", FILE)
        commit = at(13, "commit-tree", "-p", "HEAD", "-m", "Edit", at(13, "write-tree"))
        at(11, "reset", "--quiet", "--hard", commit)
        assert found(applied, "HIS112") == []

    def test_what_was_picked_from_another_branch(self, applied: Project, at: At) -> None:
        at(10, "switch", "--quiet", "--create=mine")
        self.edit(applied, at, 10)
        at(11, "switch", "--quiet", "main")
        at(13, "cherry-pick", "mine")
        (finding,) = found(applied, "HIS112")
        commit = applied.git("rev-parse", "--short", "HEAD")
        assert f"was edited in commit {commit} of 2024-03-02, after" in finding.message

    @pytest.mark.parametrize("is_logged", [True, False])
    def test_what_was_written_after_it_was_applied(
        self, applied: Project, at: At, *, is_logged: bool
    ) -> None:
        at(10, "switch", "--quiet", "--create=mine")
        self.edit(applied, at, 13)
        at(14, "switch", "--quiet", "main")
        at(14, "merge", "--quiet", "--no-ff", "--no-edit", "mine")
        if not is_logged:
            shutil.rmtree(applied.folder / ".git/logs")
        (finding,) = found(applied, "HIS112")
        commit = applied.git("rev-parse", "--short", "mine")
        assert f"was edited in commit {commit} of 2024-03-02, after" in finding.message


class TestHIS101:
    def test_the_commit_that_deleted_it(self, applied: Project) -> None:
        applied.git("rm", "--quiet", FILE)
        applied.git("commit", "--quiet", "--message=Gone")
        commit = applied.git("rev-parse", "--short", "HEAD")
        (finding,) = found(applied, "HIS101")
        assert f"nothing here knows of it. It was deleted in commit {commit} of " in finding.message
        assert str(finding.fix).endswith(
            f"If it was deleted by mistake: git checkout {commit}^ -- {FILE}"
        )

    def test_silent_for_one_that_was_never_there(self, applied: Project) -> None:
        applied.query(RECORD.format("shop", "0009_elsewhere"))
        (finding,) = found(applied, "HIS101")
        assert "It was deleted in" not in finding.message
