"""Where a report goes, in what form, and whose word on that is taken."""

from __future__ import annotations

import importlib
import io
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report.sample import PASSED, REFUSED
from tests.two_apps import Project
from workflow import report as reports
from workflow.config import load_settings
from workflow.door import execute
from workflow.outcome import Checkout, Report
from workflow.reporting import checkout_of, render, usual_form, write_report
from workflow.verbs import FORMATS

STATIC = "validate-migration-dependencies"
BROKEN = 'migrations.RunSQL("SELECT 1 -- ::error::x")'
Output = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project in a folder of its repository, with one migration too many."""
    project = Project(tmp_path / "repository" / "backend")
    project.create()
    project.migration("shop", "0002_one", BROKEN)
    project.migration("shop", "0002_other", BROKEN)
    (tmp_path / "repository" / ".git").mkdir()
    monkeypatch.chdir(project.folder)
    yield project
    project.close()


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """We are in GitHub Actions, and this is the summary of the job."""
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


class TestForms:
    def test_each_form_is_a_module(self) -> None:
        modules = {
            name
            for _, name, _ in pkgutil.iter_modules(reports.__path__)
            if hasattr(importlib.import_module(f"workflow.report.{name}"), "render")
        }
        assert modules == set(FORMATS)

    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("report", [REFUSED, PASSED], ids=["refused", "passed"])
    def test_each_ends_its_last_line(self, form: str, report: Report) -> None:
        rendered = render(report, form)
        assert rendered.endswith("\n") or (form, report) == ("github", PASSED)

    @pytest.mark.parametrize(
        ("variables", "output", "form"),
        [
            ({}, None, "text"),
            ({"GITHUB_ACTIONS": "true"}, None, "github"),
            ({"GITHUB_ACTIONS": "true"}, Path("report"), "text"),
            ({"GITHUB_ACTIONS": "false"}, None, "text"),
            ({"GITHUB_ACTIONS": ""}, None, "text"),
        ],
    )
    def test_the_usual_one(self, variables: dict[str, str], output: Path | None, form: str) -> None:
        assert usual_form(variables, output) == form


class TestPlaces:
    def test_the_checkout_is_found_without_git(self, project: Project) -> None:
        top = project.folder.parent
        manage = project.folder / "manage.py"
        settings = load_settings(project.folder, variables={})
        assert checkout_of(settings) == Checkout(str(top), str(project.folder), str(manage))

    def test_a_project_outside_any_repository(self, tmp_path: Path) -> None:
        settings = load_settings(tmp_path, variables={})
        assert checkout_of(settings) == Checkout(str(tmp_path), str(tmp_path), str(tmp_path))

    @pytest.mark.usefixtures("project")
    @pytest.mark.parametrize("form", ["github", "gitlab", "sarif", "junit", "markdown"])
    def test_paths_are_those_of_the_repository(self, capsys: Output, form: str) -> None:
        assert execute(STATIC, {"format": form}) == 1
        output = capsys.readouterr()
        assert "backend/shop/migrations/0002_o" in output.out
        assert f"{STATIC}: refused" in output.err

    @pytest.mark.usefixtures("project")
    def test_a_file(self, tmp_path: Path, capsys: Output) -> None:
        path = tmp_path / "report.sarif"
        assert execute(STATIC, {"format": "sarif", "output": str(path)}) == 1
        assert capsys.readouterr().out == ""
        [run] = json.loads(path.read_text(encoding="utf-8"))["runs"]
        assert run["tool"]["driver"]["rules"][0]["help"]["text"].startswith("# ")


class TestEncodings:
    def test_standard_output_is_utf_8_whatever_the_locale(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buffer = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
        report = PASSED._replace(next_command="ünïcode \udcff")
        write_report(report, "markdown", None, load_settings(project.folder, variables={}))
        assert "Next: `ünïcode \\udcff`" in buffer.getvalue().decode("utf-8")


@pytest.mark.usefixtures("project")
class TestActions:
    """In GitHub Actions nobody has to ask for anything."""

    def test_annotations_and_a_summary(self, capsys: Output, summary: Path) -> None:
        assert execute(STATIC, {}) == 1
        output = capsys.readouterr()
        assert "::error file=backend/shop/migrations/0002_o" in output.out
        assert f"{STATIC}: refused" in output.err
        assert f"### {STATIC}: refused\n" in summary.read_text(encoding="utf-8")

    def test_a_summary_is_added_to(self, summary: Path) -> None:
        summary.write_text("# Of another step\n", encoding="utf-8")
        for _ in range(2):
            execute(STATIC, {})
        text = summary.read_text(encoding="utf-8")
        assert text.startswith("# Of another step\n")
        assert text.count(f"### {STATIC}: refused\n") == 2

    @pytest.mark.parametrize("form", sorted({*FORMATS} - {"github"}))
    def test_another_form_brings_no_summary(self, capsys: Output, summary: Path, form: str) -> None:
        assert execute(STATIC, {"format": form}) == 1
        assert "::error file=" not in capsys.readouterr().out
        assert not summary.exists()

    def test_a_summary_that_can_not_be_written_changes_no_verdict(
        self, capsys: Output, summary: Path
    ) -> None:
        summary.mkdir()
        assert execute(STATIC, {}) == 1
        said = capsys.readouterr().err
        assert f"the job's summary {summary} can't be written: Is a directory\n" in said

    def test_what_a_branch_says_in_dotenv_is_not_believed(
        self, project: Project, capsys: Output, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        project.write(".env", f"GITHUB_ACTIONS=true\nGITHUB_STEP_SUMMARY={other}\n")
        assert execute(STATIC, {}) == 1
        assert "::error file=" not in capsys.readouterr().out
        assert execute(STATIC, {"format": "github"}) == 1
        assert not other.exists()

    @pytest.mark.usefixtures("summary")
    def test_text_of_a_project_commands_nothing(self, project: Project, capsys: Output) -> None:
        project.write("shop/migrations/::error::x\n::error::y.py", "def broken(:\n")
        execute(STATIC, {})
        output = capsys.readouterr()
        lines = [line.strip() for line in (output.out + output.err).splitlines()]
        commands = [line for line in lines if line.startswith("::")]
        assert commands
        assert not [line for line in commands if "file=backend/shop/" not in line]
