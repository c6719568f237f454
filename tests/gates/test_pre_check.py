"""The state gate: what the database has against what is on disk and in git."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.two_apps import PRODUCT, Project
from workflow.errors import CouldNotCheck
from workflow.gates import pre_check
from workflow.gates.pre_check import counted, listed
from workflow.outcome import Finding, Severity, StepResult, Verdict

COLUMN = 'migrations.AddField("product", "{0}", models.IntegerField(null=True))'
APPLIED = "applied   2 migrations\nlast      shop.0001_initial\nlast      stock.0001_initial"
RECORD = "INSERT INTO django_migrations (app, name, applied) VALUES ('{0}', '{1}', '2026-01-01')"


def run(project: Project, **how: Any) -> StepResult:
    return pre_check.run(project.context(**how))


def found(project: Project, code: str, **how: Any) -> list[Finding]:
    return [finding for finding in run(project, **how).findings if finding.code == code]


def test_silent_when_everything_agrees(project: Project) -> None:
    result = run(project)
    assert (result.verdict, result.findings) == (Verdict.PASSED, ())
    assert result.details == APPLIED


class TestGRF103:
    """Several leaf nodes."""

    @pytest.fixture
    def forked(self, project: Project) -> Project:
        project.migration("shop", "0002_left", COLUMN.format("left"))
        project.migration("shop", "0002_right", COLUMN.format("right"))
        return project

    def test_fires(self, forked: Project) -> None:
        assert run(forked).verdict is Verdict.REFUSED
        assert found(forked, "GRF103") == [
            Finding(
                "GRF103",
                Severity.ERROR,
                "The app shop has 2 leaf nodes: 0002_left, 0002_right. Nobody can migrate until "
                "one history leads to both.",
                "If both belong, join them: migration-workflow makemigrations --merge shop",
                app="shop",
                data={"leaf_nodes": ["0002_left", "0002_right"]},
            )
        ]

    def test_only_informs_whoever_is_about_to_merge(self, forked: Project) -> None:
        (finding,) = found(forked, "GRF103", merge=True)
        assert finding.severity is Severity.INFO
        assert run(forked, merge=True).verdict is Verdict.PASSED

    def test_nothing_counts_as_pending_until_it_is_clear(self, forked: Project) -> None:
        assert found(forked, "HIS103") == []

    def test_silent_for_a_fork_that_is_joined(self, forked: Project) -> None:
        both = (("shop", "0002_left"), ("shop", "0002_right"))
        forked.migration("shop", "0003_merge", after=both)
        assert found(forked, "GRF103") == []


class TestHIS101:
    """Recorded as applied, but not on disk."""

    def test_fires(self, project: Project) -> None:
        project.query(RECORD.format("shop", "0002_gone"))
        assert run(project).verdict is Verdict.REFUSED
        assert found(project, "HIS101") == [
            Finding(
                "HIS101",
                Severity.ERROR,
                "The database 'default' has shop.0002_gone applied, but no such file is on disk. "
                "It is ahead of this branch, or the file was deleted: what that migration did is "
                "there and nothing here knows of it.",
                "If another branch has the file: check that branch out, run 'manage.py migrate "
                "shop' back to the last migration both have, and return. If it was deleted: "
                "restore it, from git if it was committed, or from a copy.",
                app="shop",
                migration="0002_gone",
            )
        ]

    def test_only_warns_about_an_installed_app(self, project: Project) -> None:
        installed = '"stock", "django.contrib.contenttypes"]'
        project.replace("config/settings.py", '"stock"]', installed)
        project.query(RECORD.format("contenttypes", "0099_gone"))
        (finding,) = found(project, "HIS101")
        assert (finding.severity, finding.app) == (Severity.WARNING, "contenttypes")
        assert run(project).verdict is Verdict.PASSED
        assert run(project, strict=True).verdict is Verdict.REFUSED

    def test_silent_for_an_app_that_is_not_installed_any_more(self, project: Project) -> None:
        project.query(RECORD.format("blog", "0001_initial"))
        assert found(project, "HIS101") == []

    def test_silent_for_what_a_squash_replaces(self, project: Project) -> None:
        project.query(RECORD.format("shop", "0002_old"))
        project.migration(
            "shop",
            "0001_squashed",
            PRODUCT,
            after=(),
            body='replaces = [("shop", "0001_initial"), ("shop", "0002_old")]',
        )
        (project.folder / "shop/migrations/0001_initial.py").unlink()
        assert found(project, "HIS101") == []


class TestHIS102:
    """A recorded history that could not have happened."""

    def test_fires(self, project: Project) -> None:
        project.query("DELETE FROM django_migrations WHERE app = 'shop'")
        assert run(project).verdict is Verdict.REFUSED
        assert found(project, "HIS102") == [
            Finding(
                "HIS102",
                Severity.ERROR,
                "Migration stock.0001_initial is applied before its dependency shop.0001_initial "
                "on database 'default'. The recorded history could not have happened in the "
                "order that the files now say.",
                "If a dependency was added to a migration that is applied already, take it out "
                "again and put it into a new migration. Then run: migration-workflow pre-check",
            )
        ]

    def test_silent_for_what_was_applied_in_another_order(self, project: Project) -> None:
        project.query("UPDATE django_migrations SET applied = '2020-01-01' WHERE app = 'stock'")
        assert found(project, "HIS102") == []

    def test_silent_without_a_database(self, project: Project) -> None:
        project.database.unlink()
        assert found(project, "HIS102") == []


class TestHIS103:
    """Pending migrations."""

    def test_one(self, project: Project) -> None:
        project.migration("shop", "0002_more", COLUMN.format("more"))
        assert run(project).verdict is Verdict.PASSED
        assert found(project, "HIS103") == [
            Finding(
                "HIS103",
                Severity.INFO,
                "1 migration is pending on the database 'default': shop.0002_more.",
                "migration-workflow migrate-safe",
                data={"pending": ["shop.0002_more"]},
            )
        ]

    def test_many_are_counted(self, project: Project) -> None:
        for number in range(2, 9):
            before = f"000{number - 1}_m" if number > 2 else "0001_initial"
            project.migration("shop", f"000{number}_m", after=(("shop", before),))
        (finding,) = found(project, "HIS103")
        assert finding.message == (
            "7 migrations are pending on the database 'default': shop.0002_m, shop.0003_m, "
            "shop.0004_m, shop.0005_m, shop.0006_m and 2 more."
        )
        assert len(finding.data["pending"]) == 7

    def test_all_of_them_without_a_database(self, project: Project) -> None:
        project.database.unlink()
        (finding,) = found(project, "HIS103")
        assert finding.data == {"pending": ["shop.0001_initial", "stock.0001_initial"]}
        assert not project.database.exists()


class TestHIS104:
    """What git says of the migrations at hand."""

    def test_not_committed(self, project: Project) -> None:
        project.commit_all()
        project.migration("shop", "0002_more")
        assert found(project, "HIS104") == [
            Finding(
                "HIS104",
                Severity.INFO,
                "1 migration is not committed: shop/migrations/0002_more.py.",
                data={"uncommitted": ["shop/migrations/0002_more.py"]},
            )
        ]

    def test_brought_by_this_branch(self, project: Project) -> None:
        project.commit_all()
        project.git("switch", "--quiet", "--create", "feature")
        project.migration("shop", "0002_more")
        project.migration("stock", "0002_more")
        project.commit_all()
        assert found(project, "HIS104") == [
            Finding(
                "HIS104",
                Severity.INFO,
                "This branch changes 2 migrations since it left main: "
                "shop/migrations/0002_more.py, stock/migrations/0002_more.py.",
                data={"changed": ["shop/migrations/0002_more.py", "stock/migrations/0002_more.py"]},
            )
        ]

    def test_both(self, project: Project) -> None:
        project.commit_all()
        project.git("switch", "--quiet", "--create", "feature")
        project.migration("shop", "0002_more")
        project.commit_all()
        project.migration("stock", "0002_more")
        assert [list(finding.data) for finding in found(project, "HIS104")] == [
            ["uncommitted"],
            ["changed"],
        ]

    @pytest.mark.parametrize(
        ("reason", "name"),
        [
            ("it is no migration", "shop/views.py"),
            ("it is no Python", "shop/migrations/notes.txt"),
            ("it is the package", "shop/migrations/__init__.py"),
            ("Django passes it over", "shop/migrations/_helper.py"),
        ],
    )
    def test_silent_for_a_file_because(self, project: Project, reason: str, name: str) -> None:
        project.commit_all()
        project.write(name, "# changed\n")
        assert found(project, "HIS104") == [], reason

    def test_silent_outside_git(self, project: Project) -> None:
        project.migration("shop", "0002_more")
        assert found(project, "HIS104") == []

    def test_silent_on_a_clean_main_branch(self, project: Project) -> None:
        project.commit_all()
        assert found(project, "HIS104") == []


class TestHIS105:
    """An apply that was killed."""

    def test_fires(self, project: Project) -> None:
        project.write(".workflow/scratch/run-x/keep", '{"database": "default"}')
        project.write(".workflow/scratch/run-x/lock", "")
        assert run(project).verdict is Verdict.REFUSED
        assert found(project, "HIS105") == [
            Finding(
                "HIS105",
                Severity.ERROR,
                "An earlier migrate-safe was killed while it applied migrations that can't run "
                "in one transaction: the database may be half changed. What it was before is "
                "kept in .workflow/scratch/run-x.",
                "Stop what uses the database, then put it back: migration-workflow recover",
                data={"snapshot": ".workflow/scratch/run-x"},
            )
        ]

    def test_silent_for_a_run_that_left_no_note(self, project: Project) -> None:
        project.write(".workflow/scratch/run-x/lock", "")
        assert found(project, "HIS105") == []


class TestDRF102:
    """Models without a migrations package."""

    def test_fires(self, project: Project) -> None:
        shutil.rmtree(project.folder / "stock/migrations")
        assert run(project).verdict is Verdict.PASSED
        assert run(project, strict=True).verdict is Verdict.REFUSED
        assert found(project, "DRF102") == [
            Finding(
                "DRF102",
                Severity.WARNING,
                "The app stock has models but no migrations package: makemigrations passes it "
                "over and its tables are never made.",
                "migration-workflow makemigrations stock",
                app="stock",
            )
        ]

    def test_silent_for_an_app_without_models(self, project: Project) -> None:
        project.write("plain/__init__.py", "")
        project.replace("config/settings.py", '"stock"]', '"stock", "plain"]')
        assert found(project, "DRF102") == []

    def test_silent_for_models_that_django_does_not_manage(self, project: Project) -> None:
        shutil.rmtree(project.folder / "stock/migrations")
        project.add_field("class Meta:\n        managed = False", app="stock")
        assert found(project, "DRF102") == []

    def test_silent_where_the_settings_say_so(self, project: Project) -> None:
        shutil.rmtree(project.folder / "stock/migrations")
        project.add_setting('MIGRATION_MODULES = {"stock": None}\n')
        assert found(project, "DRF102") == []

    def test_silent_for_an_app_outside_the_project(self, project: Project) -> None:
        outside = project.folder.with_name("outside")
        outside.mkdir()
        shutil.move(project.folder / "stock", outside / "stock")
        shutil.rmtree(outside / "stock/migrations")
        project.replace("manage.py", "# before", f"sys.path.append({str(outside)!r})")
        assert found(project, "DRF102") == []


class TestUnloadable:
    """A history that Django can't load: what the files show, or what Django said."""

    def test_a_broken_reference(self, project: Project) -> None:
        references = (("shop", "0001_initial"), ("shop", "0001_gone"))
        project.migration("shop", "0002_more", after=references)
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert [finding.code for finding in result.findings] == ["GRF101"]

    def test_conflict_markers(self, project: Project) -> None:
        text = "<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> other\n"
        project.write("shop/migrations/0002_more.py", text)
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert [finding.code for finding in result.findings] == ["GRF115"]

    def test_what_the_files_do_not_show_could_not_be_checked(self, project: Project) -> None:
        project.migration("shop", "0002_more", head="import no_such_module")
        with pytest.raises(CouldNotCheck) as caught:
            run(project)
        assert str(caught.value) == (
            "Django can't load the migrations: ModuleNotFoundError: No module named "
            "'no_such_module'"
        )
        assert "shop/migrations/0002_more.py" in str(caught.value.details)

    def test_a_file_that_exits(self, project: Project) -> None:
        project.migration("shop", "0002_more", head="import sys\nsys.exit(3)\n")
        with pytest.raises(CouldNotCheck) as caught:
            run(project)
        assert str(caught.value) == "Django can't load the migrations: SystemExit: 3"


@pytest.mark.parametrize(("number", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_numbers_with_their_word(number: int, text: str) -> None:
    assert counted(number, "file", "files") == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "0"), (5, "0, 1, 2, 3, 4"), (6, "0, 1, 2, 3, 4 and 1 more")],
)
def test_long_lists_are_cut(number: int, text: str) -> None:
    assert listed([str(name) for name in range(number)]) == text


class TestHIS113:
    """A migration that was cut off in the middle, on a server that can't take it back."""

    NOTE = """
        {"app": "shop", "migration": "%s", "operations": ["Add field colour to product"],
         "done": ["ALTER TABLE shop_product ADD COLUMN size integer NULL"],
         "under_way": "CREATE INDEX by_size ON shop_product (size)"}
    """

    def test_fires(self, project: Project) -> None:
        project.write(".workflow/half-applied-default.json", self.NOTE % "0002_size")
        (finding,) = found(project, "HIS113")
        assert finding.message == (
            "shop.0002_size was cut off while it was applied to the database 'default', which "
            "can't take it back. It is not recorded. In the database: operation 1 (Add field "
            "colour to product); ALTER TABLE shop_product ADD COLUMN size integer NULL. In it or "
            "not: CREATE INDEX by_size ON shop_product (size)."
        )
        assert finding.fix is not None
        assert "migration-workflow migrate-safe --fake shop.0002_size --reason" in finding.fix
        assert finding.fix.endswith("migration-workflow recover")

    def test_only_informs_whoever_records_it_as_finished(self, project: Project) -> None:
        project.write(".workflow/half-applied-default.json", self.NOTE % "0002_size")
        (finding,) = found(project, "HIS113", fake="shop.0002_size", reason="by hand")
        assert finding.severity is Severity.INFO
        (finding,) = found(project, "HIS113", fake="shop.0003_more", reason="by hand")
        assert finding.severity is Severity.ERROR

    def test_silent_once_it_is_recorded(self, project: Project) -> None:
        note = project.write(".workflow/half-applied-default.json", self.NOTE % "0001_initial")
        assert found(project, "HIS113") == []
        assert not note.exists()

    def test_silent_for_another_database(self, project: Project) -> None:
        project.write(".workflow/half-applied-other.json", self.NOTE % "0002_size")
        assert found(project, "HIS113") == []

    def test_a_note_that_cannot_be_read_does_not_pass(self, project: Project) -> None:
        project.write(".workflow/half-applied-default.json", "{")
        with pytest.raises(CouldNotCheck, match="can't be read"):
            run(project)
