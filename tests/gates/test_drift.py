"""The drift gate and the outlook: what the models say that no migration does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from workflow.errors import CouldNotCheck
from workflow.gates import drift, outlook
from workflow.outcome import Finding, Severity, StepResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.two_apps import Project

FIELD = "price = models.IntegerField()"


def run(project: Project, **how: Any) -> StepResult:
    return drift.run(project.context(**how))


@pytest.fixture
def foreign(project: Project, tmp_path: Path) -> Project:
    """A project with an installed app whose models changed under its migrations."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (project.folder / "stock").rename(packages / "stock")
    project.replace("manage.py", "# before", f"sys.path.append({str(packages)!r})")
    models = packages / "stock/models.py"
    text = models.read_text(encoding="utf-8").replace("# more", FIELD)
    models.write_text(text, encoding="utf-8")
    return project


class TestDRF101:
    """The project's own apps."""

    def test_fires(self, project: Project) -> None:
        project.add_field(FIELD)
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert result.findings == (
            Finding(
                "DRF101",
                Severity.ERROR,
                "The models of shop say what no migration does: Add field price to product. A "
                "database migrated to the end is not the one that the code expects.",
                "migration-workflow makemigrations shop",
                app="shop",
                data={"operations": ["Add field price to product"]},
            ),
        )

    def test_one_for_each_app(self, project: Project) -> None:
        project.add_field(FIELD)
        project.add_field(FIELD, app="stock")
        assert [finding.app for finding in run(project).findings] == ["shop", "stock"]

    def test_nobody_is_asked_about_a_rename(self, project: Project) -> None:
        project.replace("shop/models.py", "name = ", "title = ")
        (finding,) = run(project).findings
        assert finding.data["operations"] == [
            "Remove field name from product",
            "Add field title to product",
        ]

    def test_nothing_is_written(self, project: Project) -> None:
        project.add_field(FIELD)
        before = project.tree()
        run(project)
        assert project.tree() == before

    def test_silent_when_they_agree(self, project: Project) -> None:
        assert run(project) == StepResult("drift", Verdict.PASSED)

    def test_silent_for_what_is_drafted_and_not_applied(self, project: Project) -> None:
        project.add_field("price = models.IntegerField(null=True)")
        operation = 'migrations.AddField("product", "price", models.IntegerField(null=True))'
        project.migration("shop", "0002_price", operation)
        assert run(project).findings == ()

    def test_silent_for_what_a_database_does_not_see(self, project: Project) -> None:
        project.add_field("def __str__(self):\n        return self.name")
        assert run(project).findings == ()

    def test_silent_without_a_database(self, project: Project) -> None:
        project.database.unlink()
        assert run(project).findings == ()
        assert not project.database.exists()


class TestDRF103:
    """Installed apps."""

    def test_fires(self, foreign: Project) -> None:
        result = run(foreign)
        assert result.verdict is Verdict.PASSED
        assert result.findings == (
            Finding(
                "DRF103",
                Severity.WARNING,
                "The installed app stock has changes without a migration: Add field price to "
                "place. A migration for it would be written among the installed packages and be "
                "lost with them.",
                "Set what differs in your project (often default_auto_field in the AppConfig of "
                "stock), or give the app a migrations package of yours in MIGRATION_MODULES.",
                app="stock",
                data={"operations": ["Add field price to place"]},
            ),
        )

    def test_refuses_a_strict_run(self, foreign: Project) -> None:
        assert run(foreign, strict=True).verdict is Verdict.REFUSED

    def test_silent_for_an_installed_app_whose_migrations_are_ours(self, foreign: Project) -> None:
        foreign.write("ours/__init__.py", "")
        foreign.write("ours/stock/__init__.py", "")
        foreign.add_setting('MIGRATION_MODULES = {"stock": "ours.stock"}\n')
        assert [finding.code for finding in run(foreign).findings] == ["DRF101"]


class TestUnloadable:
    def test_what_the_files_show_is_refused(self, project: Project) -> None:
        project.write("shop/migrations/0002_more.py", "def broken(:\n")
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert {finding.severity for finding in result.findings} == {Severity.ERROR}

    def test_what_they_do_not_show_could_not_be_checked(self, project: Project) -> None:
        project.migration("shop", "0002_more", head="import no_such_module")
        with pytest.raises(CouldNotCheck):
            run(project)


class TestOutlook:
    """It tells what makemigrations is for, and never refuses."""

    def look(self, project: Project, **how: Any) -> StepResult:
        return outlook.run(project.context(**how))

    def test_a_change_only_informs(self, project: Project) -> None:
        project.add_field(FIELD)
        result = self.look(project, strict=True)
        assert result.verdict is Verdict.PASSED
        (finding,) = result.findings
        assert (finding.code, finding.severity) == ("DRF101", Severity.INFO)

    def test_nothing_to_tell(self, project: Project) -> None:
        assert self.look(project) == StepResult("outlook", Verdict.PASSED)

    def test_skipped_when_there_are_several_leaf_nodes(self, project: Project) -> None:
        project.migration("shop", "0002_left")
        project.migration("shop", "0002_right")
        result = self.look(project)
        assert result.verdict is Verdict.SKIPPED
        assert result.reason == "the history has to be mended first"

    def test_skipped_when_the_history_can_not_be_loaded(self, project: Project) -> None:
        project.write("shop/migrations/0002_more.py", "def broken(:\n")
        assert self.look(project).verdict is Verdict.SKIPPED
