"""The static gate hands the history to the rules, and starts nothing of the project."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from workflow.gates import dependencies
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from tests.two_apps import Project


def test_a_sound_history(project: Project) -> None:
    assert dependencies.run(project.context()) == StepResult("dependencies", Verdict.PASSED)


def test_a_broken_reference(project: Project) -> None:
    references = (("shop", "0001_initial"), ("shop", "0001_gone"))
    project.migration("shop", "0002_more", after=references)
    result = dependencies.run(project.context())
    assert result.verdict is Verdict.REFUSED
    (finding,) = result.findings
    assert (finding.code, finding.path) == ("GRF101", "shop/migrations/0002_more.py")


def test_a_remark_refuses_nobody_but_a_strict_run(project: Project) -> None:
    code = "def code(apps, schema_editor):\n    pass\n"
    project.migration("shop", "0002_more", "migrations.RunPython(code)", head=code)
    result = dependencies.run(project.context())
    assert result.verdict is Verdict.PASSED


def test_no_line_of_the_project_runs(project: Project) -> None:
    trap = "raise SystemExit('this must not run')\n"
    project.write("manage.py", trap)
    project.write("config/settings.py", trap)
    project.write("shop/__init__.py", trap)
    project.migration("shop", "0002_more", head=f"if not __debug__ or True:\n    {trap}")
    context = project.context()
    assert dependencies.run(context).verdict is Verdict.PASSED
    assert context._agent is None


def test_what_the_configuration_excludes_is_not_read(project: Project) -> None:
    project.write("legacy/shop/migrations/__init__.py", "")
    project.write("legacy/shop/migrations/0001_initial.py", "def broken(:\n")
    assert dependencies.run(project.context()).verdict is Verdict.REFUSED
    project.write("migration-workflow.toml", 'exclude = ["legacy"]\n')
    assert dependencies.run(project.context()).verdict is Verdict.PASSED


def test_skipped_where_there_are_no_migrations(project: Project) -> None:
    for app in ("shop", "stock"):
        shutil.rmtree(project.folder / app)
    result = dependencies.run(project.context())
    assert result.verdict is Verdict.SKIPPED
    assert result.reason == f"no migrations below {project.folder}"
