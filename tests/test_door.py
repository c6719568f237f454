"""What every door does with words, reports, exit codes, and whatever goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.two_apps import Project
from workflow import door
from workflow.door import execute
from workflow.errors import CouldNotCheck, UsageError
from workflow.flows import FLOWS, Flow
from workflow.outcome import StepResult, Verdict

STATIC = "validate-migration-dependencies"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project; we are in its folder. What the door does to signals is undone."""
    project = Project(tmp_path / "project")
    project.create()
    (project.folder / ".git").mkdir()
    monkeypatch.chdir(project.folder)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    before = signal.getsignal(signal.SIGTERM)
    yield project
    signal.signal(signal.SIGTERM, before)
    project.close()


Output = pytest.CaptureFixture[str]


def with_step(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    """Put one step in place of the static flow's."""

    class Step:
        NAME = "step"

        def run(self, context: Any) -> StepResult:
            result: StepResult = run(context)
            return result

    monkeypatch.setitem(FLOWS, STATIC, Flow((Step(),), asks_project=False))


class TestExitCodes:
    @pytest.mark.usefixtures("project")
    def test_passed(self, capsys: Output) -> None:
        assert execute(STATIC, {}) == 0
        assert "dependencies ................... passed" in capsys.readouterr().out

    def test_refused(self, project: Project, capsys: Output) -> None:
        project.write("shop/migrations/0002_more.py", "def broken(:\n")
        assert execute(STATIC, {}) == 1
        assert "refused: nothing after the gate that refused was run" in capsys.readouterr().out

    def test_errored(self, project: Project, capsys: Output) -> None:
        project.add_setting("raise RuntimeError('no such luck')\n")
        assert execute("pre-check", {}) == 3
        shown = capsys.readouterr().out
        assert "RuntimeError: no such luck" in shown
        assert "stopped: what could not be checked does not pass" in shown

    def test_wrong_configuration(self, project: Project, capsys: Output) -> None:
        source = project.write("migration-workflow.toml", "pyton = 'x'\nprojekt = 'y'\n")
        assert execute(STATIC, {}) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.splitlines() == [
            f"{source}: unknown key 'pyton'; did you mean 'python'?",
            f"{source}: unknown key 'projekt'; did you mean 'project'?",
        ]

    @pytest.mark.parametrize(
        ("error", "code"), [(UsageError("wrong"), 2), (CouldNotCheck("unknown"), 3)]
    )
    @pytest.mark.usefixtures("project")
    def test_an_error_that_leaves_a_flow(
        self,
        capsys: Output,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
        code: int,
    ) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr("workflow.runner.run_flow", fail)
        assert execute(STATIC, {}) == code
        assert capsys.readouterr().err == f"{error}\n"

    @pytest.mark.usefixtures("project")
    def test_interrupted(self, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(_: Any) -> StepResult:
            raise KeyboardInterrupt

        with_step(monkeypatch, interrupt)
        assert execute(STATIC, {}) == 130
        assert capsys.readouterr().err == "\nInterrupted.\n"

    @pytest.mark.usefixtures("project")
    def test_an_interrupt_that_says_what_it_leaves(
        self, capsys: Output, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(_: Any) -> StepResult:
            raise KeyboardInterrupt("Half of it stays.")

        with_step(monkeypatch, interrupt)
        assert execute(STATIC, {}) == 130
        assert capsys.readouterr().err == "\nInterrupted. Half of it stays.\n"

    @pytest.mark.usefixtures("project")
    def test_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def end(_: Any) -> StepResult:
            signal.raise_signal(signal.SIGTERM)
            return StepResult("step", Verdict.PASSED)

        with_step(monkeypatch, end)
        assert execute(STATIC, {}) == 130

    @pytest.mark.usefixtures("project")
    def test_a_bug_of_ours_is_no_verdict_and_no_traceback(
        self, capsys: Output, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

        def stumble(_: Any) -> StepResult:
            raise ZeroDivisionError("postgres://u:hunter22@db")

        with_step(monkeypatch, stumble)
        assert execute(STATIC, {}) == 3
        said = capsys.readouterr().err
        assert said.startswith("migration-workflow has a bug: ZeroDivisionError: ")
        assert "Traceback" not in said
        (log,) = tmp_path.glob("migration-workflow-*.log")
        assert str(log) in said
        text = log.read_text(encoding="utf-8")
        assert f"verb {STATIC}" in text.splitlines()[0]
        assert "Traceback (most recent call last):" in text
        assert "hunter22" not in text + said

    @pytest.mark.usefixtures("project")
    def test_whoever_reads_the_report_goes_away(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, "-m", "workflow", STATIC],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        os.close(writing)
        assert done.returncode == 3
        assert done.stderr == ""


class TestStreams:
    """Standard output is data, standard error is talk."""

    @pytest.mark.usefixtures("project")
    def test_text_is_the_data(self, capsys: Output) -> None:
        execute(STATIC, {"format": "text"})
        output = capsys.readouterr()
        assert f"{STATIC}: passed" in output.out
        assert output.err == ""

    @pytest.mark.usefixtures("project")
    def test_one_document_and_nothing_else(self, capsys: Output) -> None:
        execute(STATIC, {"format": "json"})
        output = capsys.readouterr()
        document = json.loads(output.out)
        assert (document["flow"], document["verdict"]) == (STATIC, "passed")
        assert document["history"] == {"apps": 2, "migrations": 2}
        assert f"{STATIC}: passed" in output.err

    def test_what_a_project_prints_is_no_data(self, project: Project, capsys: Output) -> None:
        project.replace("manage.py", "# before", "print('{}')")
        assert execute("check-migrations", {"format": "json"}) == 0
        assert json.loads(capsys.readouterr().out)["verdict"] == "passed"

    @pytest.mark.parametrize("form", ["json", "text"])
    @pytest.mark.usefixtures("project")
    def test_a_file(self, capsys: Output, tmp_path: Path, form: str) -> None:
        path = tmp_path / "report ü"
        assert execute(STATIC, {"format": form, "output": str(path)}) == 0
        written = path.read_text(encoding="utf-8")
        assert (json.loads(written)["verdict"] if form == "json" else written).startswith(
            "passed" if form == "json" else "  dependencies"
        )
        output = capsys.readouterr()
        assert output.out == ""
        assert "passed" in output.err

    @pytest.mark.parametrize(
        ("name", "reason"), [("", "it is a folder"), ("gone/report", "there is no folder ")]
    )
    @pytest.mark.usefixtures("project")
    def test_a_file_that_can_not_be_written_is_told_before_anything_runs(
        self,
        capsys: Output,
        tmp_path: Path,
        name: str,
        reason: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def never(_: Any) -> StepResult:
            raise AssertionError

        with_step(monkeypatch, never)
        assert execute(STATIC, {"output": str(tmp_path / name)}) == 2
        assert f"can't be written: {reason}" in capsys.readouterr().err


class TestWords:
    def test_the_project_by_its_folder(
        self, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert execute(STATIC, {"project": str(project.folder)}) == 0

    @pytest.mark.usefixtures("project")
    def test_a_folder_that_is_not_there(self, capsys: Output) -> None:
        assert execute(STATIC, {"project": "gone"}) == 2
        assert capsys.readouterr().err == "there is no folder gone\n"

    @pytest.mark.parametrize("answer", ["", "no-equals", "=value"])
    @pytest.mark.usefixtures("project")
    def test_an_answer_without_a_key(self, capsys: Output, answer: str) -> None:
        assert execute("makemigrations", {"answer": [answer]}) == 2
        assert capsys.readouterr().err == f"--answer takes KEY=VALUE, not {answer!r}\n"

    def test_an_answer_may_hold_an_equals_sign(self) -> None:
        assert door._words({"answer": ["a=b=c", "d="]}).answers == {"a": "b=c", "d": ""}

    @pytest.mark.usefixtures("project")
    def test_a_form_that_there_is_not(self, capsys: Output) -> None:
        assert execute(STATIC, {"format": "xml"}) == 2
        assert (
            capsys.readouterr().err
            == "--format takes text, json, github, gitlab, sarif, junit or markdown, not 'xml'\n"
        )

    def test_without_a_project_the_verbs_that_need_one_say_so(
        self, project: Project, capsys: Output
    ) -> None:
        (project.folder / "manage.py").unlink()
        assert execute("pre-check", {}) == 2
        assert capsys.readouterr().err == (
            f"there is no manage.py in {project.folder} or above it. Go to the project, name it "
            "with --project DIR, or give its settings module as 'settings' in the table "
            "[tool.django-migration-workflow] of pyproject.toml.\n"
        )

    def test_and_the_static_one_does_without(self, project: Project) -> None:
        (project.folder / "manage.py").unlink()
        assert execute(STATIC, {}) == 0

    def test_a_strict_run(self, project: Project) -> None:
        project.write("migration-workflow.toml", "")
        project.migration("shop", "0002_more", "migrations.RunPython(migrations.RunPython.noop)")
        loose, strict = (
            execute("test-migrations-clean", {"strict": value}) for value in (False, True)
        )
        assert (loose, strict) == (0, 1)


class TestNext:
    """The next command, as whoever called it would type it."""

    @pytest.mark.parametrize("called", ["migration-workflow", "inv", "make"])
    @pytest.mark.usefixtures("project")
    def test_of_each_door(self, capsys: Output, called: str) -> None:
        execute("enforce-dev-environment", {}, door=called)
        assert capsys.readouterr().out.endswith(f"Next: {called} pre-check\n")

    @pytest.mark.usefixtures("project")
    def test_none_where_nothing_was_drafted(self, capsys: Output) -> None:
        assert execute("makemigrations", {}) == 0
        assert "Next: " not in capsys.readouterr().out

    def test_one_where_something_was(self, project: Project, capsys: Output) -> None:
        project.add_field("price = models.IntegerField(null=True)")
        assert execute("makemigrations", {}) == 0
        assert capsys.readouterr().out.endswith("Next: migration-workflow migrate-safe\n")

    @pytest.mark.usefixtures("project")
    def test_by_what_the_database_lacks(self, capsys: Output) -> None:
        for following in ("migrate-safe", "makemigrations"):
            execute("pre-check", {})
            assert capsys.readouterr().out.endswith(f"Next: migration-workflow {following}\n")
            execute("migrate-safe", {})
            capsys.readouterr()

    def test_none_after_a_refusal(self, project: Project, capsys: Output) -> None:
        project.add_field("price = models.IntegerField()")
        assert execute("validate-migrations", {}) == 1
        assert "Next: " not in capsys.readouterr().out


def test_the_agent_is_gone_and_nothing_is_left(project: Project) -> None:
    project.migration("shop", "0002_more", 'migrations.RunSQL("CREATE TABLE t (x)", "")')
    before = project.tree()
    assert execute("migrate-safe", {"dry_run": True}) == 0
    assert project.tree() == before
    assert not (project.folder / ".workflow").exists()


def test_a_database_left_half_changed_is_told(
    project: Project, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(context: Any) -> StepResult:
        (context.scratch.folder / "keep").touch()
        raise KeyboardInterrupt

    with_step(monkeypatch, stumble)
    assert execute(STATIC, {}) == 130
    said = capsys.readouterr().err
    assert "The database may be half changed: migration-workflow recover" in said
