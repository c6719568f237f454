"""What outlived its run is dropped, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workflow.actions import sweep
from workflow.errors import CouldNotCheck
from workflow.gates import clean
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.two_apps import Project


def run(project: Project) -> StepResult:
    result = sweep.run(project.context())
    project.close()
    return result


def taken(project: Project) -> int:
    """Run the gate that keeps databases; return how many migrations came from a kept one."""
    result = clean.run(project.context())
    project.close()
    assert result.verdict is Verdict.PASSED
    number: int = result.scratch["kept"]["migrations"]
    return number


def folder(project: Project) -> Path:
    return project.folder / ".workflow/kept"


@pytest.fixture
def ready(project: Project) -> Project:
    """A project with a kept database."""
    assert taken(project) == 0
    assert taken(project) == 2
    return project


def test_the_next_run_begins_with_nothing(ready: Project) -> None:
    number = len(list(folder(ready).glob("*.sqlite3")))
    before = ready.dump()
    result = run(ready)
    said = f"dropped {number} kept database{'s' if number > 1 else ''}"
    assert (result.verdict, result.details) == (Verdict.PASSED, said)
    assert not folder(ready).exists()
    assert ready.dump() == before
    assert taken(ready) == 0
    assert taken(ready) == 2


def test_those_of_a_place_that_the_project_was_in_go_as_well(ready: Project) -> None:
    for path in list(folder(ready).iterdir()):
        mark = path.name.split("_")[3]
        path.rename(path.with_name(path.name.replace(mark, "0123456789")))
    assert run(ready).verdict is Verdict.PASSED
    assert not folder(ready).exists()


def test_somebody_else_s_file_stays(ready: Project) -> None:
    other = folder(ready) / "notes.sqlite3"
    other.write_text("mine")
    assert run(ready).verdict is Verdict.PASSED
    assert list(folder(ready).iterdir()) == [other]
    assert taken(ready) == 0


def test_skipped_where_there_is_nothing(project: Project) -> None:
    result = run(project)
    assert (result.verdict, result.reason) == (
        Verdict.SKIPPED,
        "nothing was kept or left behind",
    )
    assert not (project.folder / ".workflow").exists()


def test_the_plan_drops_nothing(ready: Project) -> None:
    before = ready.tree()
    assert sweep.plan(ready.context()).startswith("drop ")
    ready.close()
    assert ready.tree() == before
    run(ready)
    assert sweep.plan(ready.context()) == "nothing to drop"


def test_what_cannot_be_dropped_is_said(ready: Project) -> None:
    ready.add_setting(
        """
        from _migration_workflow_agent import kept

        def refuse(path):
            raise PermissionError(13, "Permission denied", path)

        kept.forget = refuse
        """
    )
    with pytest.raises(CouldNotCheck, match=r"outlived their run can't be dropped: .*Permission"):
        run(ready)
