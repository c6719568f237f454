"""One migrator of a database at a time: the next one waits, or leaves."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.two_apps import Project, Silence
from workflow.gates import pre_check, turn
from workflow.outcome import Finding, Severity, Verdict

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = {
    "name": "migration-workflow: somebody@there, process 42",
    "session": None,
    "user": None,
    "address": None,
    "since": "2026-11-25T10:02:11+00:00",
}
NAMED = "migration-workflow: somebody@there, process 42 (since 2026-11-25T10:02:11+00:00)"


class Other:
    """Somebody else who has the turn of a SQLite database."""

    def __init__(self, path: Path, about: str) -> None:
        self.path = path
        path.write_text(about)
        self.file = os.open(path, os.O_RDWR)
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def leave(self) -> None:
        if self.file:
            self.path.unlink()
            os.close(self.file)
            self.file = 0


@pytest.fixture
def beside(project: Project) -> Path:
    return project.database.with_name("db.sqlite3-migrating")


@pytest.fixture
def other(beside: Path) -> Iterator[Other]:
    holder = Other(beside, json.dumps(HOLDER))
    yield holder
    holder.leave()


taken = pytest.mark.usefixtures("other")


class TestTaken:
    def test_at_once_where_nobody_has_it(self, project: Project, beside: Path) -> None:
        result = turn.run(project.context())
        assert (result.verdict, result.details) == (Verdict.PASSED, None)
        assert json.loads(beside.read_text())["name"].startswith("migration-workflow: ")

    def test_it_is_given_back_at_the_end(self, project: Project, beside: Path) -> None:
        context = project.context()
        turn.run(context)
        context.close()
        assert not beside.exists()

    def test_a_file_that_a_killed_one_left_is_no_hindrance(
        self, project: Project, beside: Path
    ) -> None:
        beside.write_text(json.dumps(HOLDER))
        context = project.context()
        assert turn.run(context).verdict is Verdict.PASSED
        context.close()
        assert not beside.exists()

    def test_a_folder_that_nobody_can_write_to_needs_none(
        self, project: Project, beside: Path
    ) -> None:
        beside.mkdir()
        assert turn.run(project.context()).verdict is Verdict.PASSED

    @taken
    def test_each_of_two_databases_has_its_own(self, project: Project) -> None:
        project.add_setting(
            'DATABASES["more"] = {**DATABASES["default"], "NAME": BASE_DIR / "more.sqlite3"}'
        )
        assert turn.run(project.context(database="more")).verdict is Verdict.PASSED

    @taken
    def test_not_in_a_dry_run(self, project: Project) -> None:
        result = turn.run(project.context(dry_run=True))
        assert (result.verdict, result.reason) == (Verdict.SKIPPED, "dry run")


class TestWaited:
    def test_until_the_other_is_done_and_then_the_plan_is_made_afresh(
        self, project: Project, other: Other
    ) -> None:
        class Talk(Silence):
            def progress(self, text: str) -> None:
                super().progress(text)
                project.query("DELETE FROM django_migrations WHERE app = 'stock'")
                other.leave()

        talk = Talk()
        context = project.context(talk=talk)
        assert not context.state["pending"]
        result = turn.run(context)
        assert result.verdict is Verdict.PASSED
        assert talk.told == [f"waiting for {NAMED}"]
        assert str(result.details).endswith(f" s for {NAMED}, which changed what is applied")
        assert context.state["pending"] == [["stock", "0001_initial"]]
        codes = [finding.code for finding in pre_check.run(context).findings]
        assert "HIS103" in codes


class TestDAT209:
    """Somebody else is migrating."""

    def refused(self, project: Project, **words: Any) -> Finding:
        result = turn.run(project.context(wait=0.0, **words))
        assert result.verdict is Verdict.REFUSED
        (finding,) = result.findings
        return finding

    @taken
    def test_it_names_who(self, project: Project) -> None:
        assert self.refused(project) == Finding(
            "DAT209",
            Severity.ERROR,
            f"{NAMED} is migrating the database 'default', and was not done within 0 seconds. Two "
            "at once would apply the same migrations twice. Nothing was changed.",
            "Wait for it, longer if need be: migration-workflow migrate-safe --wait 3600",
            data={"holder": HOLDER},
        )

    def test_who_can_not_be_named(self, project: Project, beside: Path) -> None:
        holder = Other(beside, "")
        assert self.refused(project).message.startswith("somebody else is migrating")
        holder.leave()
