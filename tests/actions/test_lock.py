"""The lock file is written anew: at once and whole, and only for migrations that are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workflow.actions import lock
from workflow.errors import CouldNotCheck
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from tests.two_apps import Project

NAME = "migrations.lock"


def test_the_first_one(project: Project) -> None:
    before = project.tree()
    assert lock.run(project.context()) == StepResult(
        "lock", Verdict.PASSED, details="wrote migrations.lock"
    )
    after = project.tree()
    assert after.keys() - before.keys() == {NAME}
    lines = [line for line in after[NAME].decode().splitlines() if line and line[0] != "#"]
    assert [line.split()[:2] for line in lines] == [
        ["shop", "0001_initial"],
        ["stock", "0001_initial"],
    ]


def test_a_second_time_nothing_is_written(project: Project) -> None:
    lock.run(project.context())
    before = (project.folder / NAME).stat()
    assert lock.plan(project.context()) == "nothing to write"
    assert lock.run(project.context()).details == "migrations.lock is right as it is"
    after = (project.folder / NAME).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_the_plan(project: Project) -> None:
    before = project.tree()
    assert lock.plan(project.context()) == "would write migrations.lock"
    assert project.tree() == before


def test_what_git_left_in_it_is_written_over(project: Project) -> None:
    lock.run(project.context())
    text = (project.folder / NAME).read_bytes()
    project.write(NAME, b"<<<<<<< HEAD\n" + text + b"=======\n>>>>>>> main\n")
    lock.run(project.context())
    assert (project.folder / NAME).read_bytes() == text


def test_refused_where_an_app_has_two_leaf_nodes(project: Project) -> None:
    for name in ("0002_a", "0002_b"):
        project.migration("shop", name, 'migrations.RunSQL("SELECT 1", "SELECT 1")')
    result = lock.run(project.context())
    assert result.verdict is Verdict.REFUSED
    assert "GRF103" in [finding.code for finding in result.findings]
    assert not (project.folder / NAME).exists()


def test_what_a_link_leads_to_is_written(project: Project) -> None:
    (project.folder / "kept").mkdir()
    (project.folder / NAME).symlink_to("kept/lock")
    lock.run(project.context())
    assert (project.folder / NAME).is_symlink()
    assert b"shop 0001_initial" in (project.folder / "kept/lock").read_bytes()


def test_it_stays_as_readable_as_it_was(project: Project) -> None:
    project.write(NAME, b"").chmod(0o640)
    lock.run(project.context())
    assert (project.folder / NAME).stat().st_mode & 0o777 == 0o640


def test_a_place_that_can_not_be_written(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    before = project.tree()
    with pytest.raises(CouldNotCheck, match=r"^migrations\.lock can't be written: Permission den"):
        lock.run(project.context())
    assert project.tree() == before
