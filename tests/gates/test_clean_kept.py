"""What earlier runs made of the first migrations is begun with, and only where it still holds."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workflow.gates import clean
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from tests.two_apps import Project

MORE = 'migrations.AddField("product", "size", models.IntegerField(null=True))'
NOOP = "migrations.RunPython.noop"
EMPTY = "migrations.RunPython(code, migrations.RunPython.noop)"
CODE = "def code(apps, schema_editor):\n    {}\n"


def run(project: Project, **how: Any) -> StepResult:
    """Run the gate in a process of its own, as each run is."""
    result = clean.run(project.context(**how))
    project.close()
    return result


def kept(result: StepResult) -> tuple[int, int]:
    """Return how many migrations came from a kept database, and of how many."""
    told = result.scratch["kept"]
    return told["migrations"], told["of"]


def ran(result: StepResult) -> list[str]:
    return [f"{row['direction']} {row['app']}.{row['migration']}" for row in result.evidence]


def files(project: Project, ending: str = ".sqlite3") -> list[Path]:
    return sorted((project.folder / ".workflow/kept").glob(f"*{ending}"))


@pytest.fixture
def ready(project: Project) -> Project:
    """A project whose whole history is kept."""
    result = run(project)
    assert (result.verdict, kept(result)) == (Verdict.PASSED, (0, 2))
    return project


class TestUsed:
    def test_where_nothing_changed_nothing_runs(self, ready: Project) -> None:
        before = ready.dump()
        result = run(ready)
        assert (kept(result), ran(result), result.findings) == ((2, 2), [], ())
        assert str(result.details).splitlines()[:2] == [
            "back and forward again: 0 migrations, and 2 in an earlier run",
            "from a kept database: 2 of 2 migrations",
        ]
        assert ready.dump() == before

    def test_only_what_was_added_runs(self, ready: Project) -> None:
        ready.migration("stock", "0002_more", after=(("stock", "0001_initial"),))
        result = run(ready)
        assert kept(result) == (2, 3)
        assert ran(result) == [
            "forward stock.0002_more",
            "back stock.0002_more",
            "forward stock.0002_more",
        ]
        assert kept(run(ready)) == (3, 3)

    def test_what_comes_into_the_middle_ends_what_is_kept(self, ready: Project) -> None:
        ready.migration("shop", "0002_more")
        result = run(ready)
        assert kept(result) == (1, 3)
        assert ran(result)[:2] == ["forward shop.0002_more", "forward stock.0001_initial"]

    def test_a_migration_that_is_edited_again_and_again(self, ready: Project) -> None:
        for name in ("one", "two"):
            ready.migration(
                "stock", "0002_more", body=f"# {name}", after=(("stock", "0001_initial"),)
            )
            assert kept(run(ready)) == (2, 3)

    def test_models_may_change_with_a_migration(self, ready: Project) -> None:
        ready.add_field("size = models.IntegerField(null=True)", app="stock")
        ready.add_setting("ALLOWED_HOSTS = ['example.org']\n")
        assert kept(run(ready)) == (2, 2)

    def test_what_cannot_be_reversed_is_told_in_every_run(self, ready: Project) -> None:
        one_way = f"migrations.RunPython({NOOP})"
        ready.migration("stock", "0002_one_way", one_way, after=(("stock", "0001_initial"),))
        first, second = run(ready), run(ready)
        assert [finding.code for finding in first.findings] == ["DAT207"]
        assert second.findings == first.findings
        assert kept(second) == (3, 3)

    def test_content_types_are_no_earlier_there_than_from_nothing(self, project: Project) -> None:
        """They are made when everything is applied: until then, no migration finds them."""
        more = '"stock", "django.contrib.contenttypes"]'
        project.replace("config/settings.py", '"stock"]', more)
        assert run(project).verdict is Verdict.PASSED
        lookup = "apps.get_model('contenttypes', 'ContentType').objects.get(model='product')"
        project.migration(
            "stock",
            "0002_code",
            EMPTY,
            head=CODE.format(lookup),
            after=(("stock", "0001_initial"), ("contenttypes", "0002_remove_content_type_name")),
        )
        result = run(project)
        assert kept(result) == (4, 5)
        assert [finding.code for finding in result.findings] == ["DAT206"]

    def test_two_branches_that_are_merged(self, project: Project) -> None:
        for name in ("0002_left", "0002_right"):
            project.migration("stock", name, after=(("stock", "0001_initial"),))
        both = (("stock", "0002_left"), ("stock", "0002_right"))
        project.migration("stock", "0003_merge", after=both)
        run(project)
        project.migration("stock", "0004_more", after=(("stock", "0003_merge"),))
        assert kept(run(project)) == (5, 6)

    def test_a_way_back_that_leaves_something_is_gone_to_its_end(self, ready: Project) -> None:
        """What an earlier run proved does not hold for a database that is another one then."""
        table = 'migrations.RunSQL("CREATE TABLE IF NOT EXISTS t (x)", migrations.RunSQL.noop)'
        ready.migration("stock", "0002_table", table, after=(("stock", "0001_initial"),))
        result = run(ready)
        assert kept(result) == (2, 3)
        assert [line for line in ran(result) if line.startswith("back")] == [
            "back stock.0002_table",
            "back stock.0001_initial",
            "back shop.0001_initial",
        ]

    def test_rows_that_stay_make_the_way_back_be_gone_to_its_end(self, ready: Project) -> None:
        """A row that is left over may be in the way of a migration below."""
        row = "apps.get_model('shop', 'Product').objects.create(name='x')"
        ready.migration(
            "stock",
            "0002_row",
            EMPTY,
            head=CODE.format(row),
            after=(("stock", "0001_initial"), ("shop", "0001_initial")),
        )
        result = run(ready)
        assert kept(result) == (2, 3)
        assert "back shop.0001_initial" in ran(result)


class TestNotUsed:
    """Where anything changed that the outcome depends on, that part is built again."""

    def test_after_an_earlier_migration_was_edited(self, ready: Project) -> None:
        ready.replace("shop/migrations/0001_initial.py", "max_length=20", "max_length=30")
        assert kept(run(ready)) == (0, 2)

    def test_after_another_setting(self, ready: Project) -> None:
        ready.add_setting("TIME_ZONE = 'Europe/Vienna'\n")
        assert kept(run(ready)) == (0, 2)

    def test_after_a_setting_that_a_migration_reads(self, project: Project) -> None:
        project.add_setting("SIZE = 1\n")
        head = "from django.conf import settings\n" + CODE.format("settings.SIZE")
        project.migration(
            "stock", "0002_code", EMPTY, head=head, after=(("stock", "0001_initial"),)
        )
        assert (kept(run(project)), kept(run(project))) == ((0, 3), (3, 3))
        project.add_setting("SIZE = 2\n")
        assert kept(run(project)) == (1, 3)

    def test_after_a_module_that_a_migration_imports_through_another(
        self, project: Project
    ) -> None:
        project.write("stock/first.py", "from . import second\n")
        project.write("stock/second.py", "ONE = 1\n")
        head = "from stock.first import second\n" + CODE.format("second.ONE")
        project.migration(
            "stock", "0002_code", EMPTY, head=head, after=(("stock", "0001_initial"),)
        )
        assert (kept(run(project)), kept(run(project))) == ((0, 3), (3, 3))
        project.write("stock/second.py", "ONE = 11\n")
        assert kept(run(project)) == (1, 3)

    def test_where_something_else_is_installed(self, ready: Project, tmp_path: Path) -> None:
        packages = tmp_path / "packages"
        (packages / "django_new-1.0.dist-info").mkdir(parents=True)
        assert kept(run(ready)) == (2, 2)
        text = f"import sys\nsys.path.append({str(packages)!r})\n"
        ready.write("manage.py", text + (ready.folder / "manage.py").read_text())
        assert kept(run(ready)) == (0, 2)

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            ("open('x')", "uses open"),
            ("from django.core.management import call_command", "uses call_command"),
            ("import subprocess", "imports subprocess"),
        ],
    )
    def test_beyond_a_migration_that_reads_more_than_can_be_seen(
        self, body: str, why: str, project: Project
    ) -> None:
        head = CODE.format(f"if 0:\n        {body}")
        project.migration(
            "stock", "0002_code", EMPTY, head=head, after=(("stock", "0001_initial"),)
        )
        run(project)
        result = run(project)
        assert kept(result) == (2, 3)
        told = (
            f"nothing from stock.0002_code on can be kept, because stock.migrations.0002_code {why}"
        )
        assert told in str(result.details).splitlines()

    @pytest.mark.parametrize("harm", ["one byte", "cut off", "gone", "record", "no record"])
    def test_a_file_that_is_not_what_was_kept(self, harm: str, ready: Project) -> None:
        for path in files(ready):
            record, text = path.with_suffix(".json"), path.read_bytes()
            if harm == "one byte":
                path.write_bytes(text[:5000] + bytes([text[5000] ^ 1]) + text[5001:])
            elif harm == "cut off":
                path.write_bytes(text[: len(text) // 2])
            elif harm == "gone":
                path.unlink()
            elif harm == "record":
                record.write_text(record.read_text()[:-20])
            else:
                record.unlink()
        result = run(ready)
        assert (result.verdict, kept(result)) == (Verdict.PASSED, (0, 2))
        assert kept(run(ready)) == (2, 2)

    def test_a_file_whose_schema_is_not_what_was_kept(self, ready: Project) -> None:
        """Also where somebody made the digest fit."""
        import hashlib

        for path in files(ready):
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("CREATE TABLE other (x)")
            record = json.loads(path.with_suffix(".json").read_text())
            record["file"] = hashlib.sha256(path.read_bytes()).hexdigest()
            path.with_suffix(".json").write_text(json.dumps(record))
        result = run(ready)
        assert (result.verdict, kept(result)) == (Verdict.PASSED, (0, 2))
        assert kept(run(ready)) == (2, 2)

    def test_without_the_folder(self, ready: Project) -> None:
        shutil.rmtree(ready.folder / ".workflow")
        assert kept(run(ready)) == (0, 2)


class TestKeeps:
    def test_nothing_of_a_run_that_fails(self, project: Project) -> None:
        project.migration(
            "stock",
            "0002_code",
            EMPTY,
            head=CODE.format("raise ValueError"),
            after=(("stock", "0001_initial"),),
        )
        assert run(project).verdict is Verdict.REFUSED
        assert files(project) == []

    def test_nothing_more_of_a_run_that_leads_to_another_schema(self, ready: Project) -> None:
        before = files(ready)
        table = 'migrations.RunSQL("SELECT 1", "CREATE TABLE IF NOT EXISTS other (x)")'
        ready.migration("stock", "0002_table", table, after=(("stock", "0001_initial"),))
        assert run(ready).verdict is Verdict.REFUSED
        assert files(ready) == before

    def test_no_more_than_there_is_room_for(self, ready: Project) -> None:
        for number in range(12):
            ready.migration(
                "stock", "0002_more", body=f"# {number}", after=(("stock", "0001_initial"),)
            )
            run(ready)
        assert len(files(ready)) == 8
        assert len(files(ready, ".json")) == 8
        assert kept(run(ready)) == (3, 3)

    def test_where_nothing_can_be_written_it_says_so(self, ready: Project) -> None:
        shutil.rmtree(ready.folder / ".workflow/kept")
        ready.write(".workflow/kept", "in the way")
        result = run(ready)
        assert (result.verdict, kept(result)) == (Verdict.PASSED, (0, 2))
        assert "nothing was kept: " in str(result.details)

    def test_two_runs_at_once(self, project: Project) -> None:
        one, other = project.context(), project.context()
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(2) as threads:
            results = list(threads.map(clean.run, (one, other)))
        project.close()
        assert [result.verdict for result in results] == [Verdict.PASSED] * 2
        assert kept(run(project)) == (2, 2)
