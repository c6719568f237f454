"""A draft is looked at where it would be, before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workflow.actions import draft
from workflow.context import Context, DraftedFile
from workflow.gates import validate_draft
from workflow.outcome import Finding, Severity, StepResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.two_apps import Project

TEXT = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = []
"""


def drafted(
    project: Project, name: str = "0002_more", *, folder: Path | None = None, text: str = TEXT
) -> Context:
    context = project.context()
    folder = folder or project.folder / "shop/migrations"
    context.drafted = (DraftedFile("shop", name, folder / f"{name}.py", text),)
    return context


def test_a_sound_draft_of_the_project_itself(project: Project) -> None:
    project.add_field("price = models.IntegerField(null=True)")
    context = project.context()
    assert draft.run(context).verdict is Verdict.PASSED
    assert validate_draft.run(context) == StepResult("validate-draft", Verdict.PASSED)


def test_skipped_when_nothing_was_drafted(project: Project) -> None:
    result = validate_draft.run(project.context())
    assert (result.verdict, result.reason) == (Verdict.SKIPPED, "nothing was drafted")


def test_a_draft_that_breaks_the_history(project: Project) -> None:
    context = drafted(project, text=TEXT.replace("0001_initial", "0001_gone"))
    result = validate_draft.run(context)
    assert result.verdict is Verdict.REFUSED
    assert "GRF101" in [finding.code for finding in result.findings]


def test_what_was_wrong_before_is_not_the_drafts(project: Project) -> None:
    references = (("shop", "0001_initial"), ("shop", "0001_gone"))
    project.migration("shop", "0002_more", after=references)
    context = drafted(project, "0003_more", text=TEXT.replace("0001_initial", "0002_more"))
    assert validate_draft.run(context).findings == ()


def test_the_first_migration_of_an_app(project: Project) -> None:
    project.write("blog/__init__.py", "")
    project.write(
        "blog/models.py",
        """
        from django.db import models

        class Entry(models.Model):
            title = models.TextField()
        """,
    )
    project.replace("config/settings.py", '"stock"]', '"stock", "blog"]')
    context = project.context(labels=("blog",))
    assert draft.run(context).verdict is Verdict.PASSED
    assert validate_draft.run(context).findings == ()
    assert not (project.folder / "blog/migrations").exists()


class TestENV105:
    """Where the file would go."""

    def test_outside_the_project(self, project: Project, tmp_path: Path) -> None:
        context = drafted(project, folder=tmp_path / "elsewhere")
        path = tmp_path / "elsewhere/0002_more.py"
        result = validate_draft.run(context)
        assert result.verdict is Verdict.REFUSED
        assert result.findings[0] == Finding(
            "ENV105",
            Severity.ERROR,
            f"shop.0002_more would be written to {path}, which is outside the project: it would "
            "be lost or hit somebody else.",
            "Nothing was written. Run: migration-workflow enforce-dev-environment",
            app="shop",
            migration="0002_more",
            path=str(path),
        )

    def test_a_link_that_leads_outside(self, project: Project, tmp_path: Path) -> None:
        folder = project.folder / "shop/migrations"
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
        found = validate_draft.run(drafted(project)).findings
        assert [finding.code for finding in found if finding.code == "ENV105"] == ["ENV105"]

    def test_where_a_file_is_already(self, project: Project) -> None:
        path = project.migration("shop", "0002_more")
        found = validate_draft.run(drafted(project)).findings
        assert found == (
            Finding(
                "ENV105",
                Severity.ERROR,
                f"shop.0002_more would be written to {path}, where a file is already.",
                "Nothing was written. Run: migration-workflow enforce-dev-environment",
                app="shop",
                migration="0002_more",
                path="shop/migrations/0002_more.py",
            ),
        )

    @pytest.mark.parametrize("name", ["0002_more", "0002_ünï"])
    def test_silent_for_a_free_place_in_the_project(self, project: Project, name: str) -> None:
        assert validate_draft.run(drafted(project, name)).findings == ()

    def test_silent_when_the_project_is_reached_through_a_link(
        self, project: Project, tmp_path: Path
    ) -> None:
        link = tmp_path / "link"
        link.symlink_to(project.folder)
        folder = link / "shop/migrations"
        found = validate_draft.run(drafted(project, folder=folder)).findings
        assert "ENV105" not in [finding.code for finding in found]
