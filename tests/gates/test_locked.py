"""The lock file of a project, where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.two_apps import Silence
from workflow.actions import lock
from workflow.config import load_settings
from workflow.context import Context, Words
from workflow.gates import dependencies
from workflow.outcome import Finding, Severity, Verdict
from workflow.project.commit import Commit

if TYPE_CHECKING:
    from tests.two_apps import Project

NAME = "migrations.lock"
SHOP = "shop/migrations/0001_initial.py"


@pytest.fixture
def locked(project: Project) -> Project:
    """A project with a lock file that is right."""
    assert lock.run(project.context()).verdict is Verdict.PASSED
    return project


def found(project: Project) -> list[Finding]:
    """Return what the gate says of the lock file."""
    result = dependencies.run(project.context())
    findings = [item for item in result.findings if item.path == NAME]
    assert (result.verdict is Verdict.REFUSED) is bool(findings)
    return findings


def line_of(project: Project, label: str) -> str:
    text = (project.folder / NAME).read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if line.startswith(f"{label} "))


def add_migration(project: Project) -> None:
    project.migration("shop", "0002_more", 'migrations.RunSQL("SELECT 1", "SELECT 1")')


def edit(project: Project) -> None:
    project.write(SHOP, (project.folder / SHOP).read_bytes() + b"# more\n")


def drop_line(project: Project) -> None:
    project.replace(NAME, f"{line_of(project, 'shop')}\n", "")


def add_line(project: Project) -> None:
    project.replace(NAME, f"{line_of(project, 'shop')}\n", f"{line_of(project, 'shop')}\nzoo 1 2\n")


FIRING: dict[str, tuple[Callable[[Project], None], str]] = {
    "a migration more": (
        add_migration,
        "migrations.lock says that shop ends in 0001_initial, and it ends in 0002_more.",
    ),
    "a migration edited": (edit, "shop has other migrations than migrations.lock was written for."),
    "a line missing": (drop_line, "migrations.lock has no line for shop."),
    "a line left over": (
        add_line,
        "migrations.lock has a line for zoo, which has no migrations here.",
    ),
}

UNREADABLE: dict[str, Callable[[str], str]] = {
    "conflict markers": lambda line: f"<<<<<<< HEAD\n{line}\n=======\n{line}\n>>>>>>> main",
    "a line by hand": lambda line: f"{line} by hand",
    "one line twice": lambda line: f"{line}\n{line}",
}


@pytest.mark.parametrize("case", FIRING)
def test_it_fires_where_it_is_out_of_date(locked: Project, case: str) -> None:
    change, fact = FIRING[case]
    change(locked)
    [finding] = found(locked)
    assert (finding.code, finding.severity) == ("HIS110", Severity.ERROR)
    assert finding.message == (
        f"{fact} Until that is right, two branches that add to it merge without a conflict."
    )
    assert str(finding.fix).endswith("\nNext: migration-workflow lock")


@pytest.mark.parametrize("case", UNREADABLE)
def test_it_fires_where_it_can_not_be_read(locked: Project, case: str) -> None:
    line = line_of(locked, "shop")
    locked.replace(NAME, line, UNREADABLE[case](line))
    [finding] = found(locked)
    assert (finding.code, finding.severity) == ("HIS111", Severity.ERROR)
    assert str(finding.fix).endswith("\nNext: migration-workflow lock")


@pytest.mark.parametrize("case", [*FIRING, *UNREADABLE])
def test_the_command_in_the_message_mends_it(locked: Project, case: str) -> None:
    if case in FIRING:
        FIRING[case][0](locked)
    else:
        line = line_of(locked, "shop")
        locked.replace(NAME, line, UNREADABLE[case](line))
    result = lock.run(locked.context())
    assert (result.verdict, result.details) == (Verdict.PASSED, "wrote migrations.lock")
    assert found(locked) == []


def test_the_place_of_a_line(locked: Project) -> None:
    edit(locked)
    [finding] = found(locked)
    text = (locked.folder / NAME).read_text(encoding="utf-8")
    assert text.splitlines()[(finding.line or 0) - 1] == line_of(locked, "shop")
    assert finding.app == "shop"
    assert "(git log -- shop/migrations)" in str(finding.fix)


def test_silent_without_one(project: Project) -> None:
    assert found(project) == []


def test_silent_where_it_is_right(locked: Project) -> None:
    assert found(locked) == []


def test_silent_where_only_line_endings_differ(locked: Project) -> None:
    for name in (NAME, SHOP):
        data = (locked.folder / name).read_bytes()
        locked.write(name, data.replace(b"\n", b"\r\n"))
    assert found(locked) == []


def test_a_folder_of_that_name_is_not_passed_over(project: Project) -> None:
    from workflow.errors import CouldNotCheck

    (project.folder / NAME).mkdir()
    with pytest.raises(CouldNotCheck, match=r"^migrations\.lock can't be read: Is a directory$"):
        dependencies.run(project.context())


def test_a_hook_judges_the_one_that_will_be_committed(locked: Project) -> None:
    locked.commit_all()
    edit(locked)
    lock.run(locked.context())
    locked.git("add", SHOP)
    settings = load_settings(locked.folder, variables={})
    context = Context(settings, Words(), Silence(), is_static=True, commit=Commit())
    assert [item.code for item in locked_out(context)] == ["HIS110"]
    locked.git("add", NAME)
    context = Context(settings, Words(), Silence(), is_static=True, commit=Commit())
    assert locked_out(context) == []


def locked_out(context: Context) -> list[Finding]:
    return [item for item in dependencies.run(context).findings if item.path == NAME]
