"""The journal: what was applied, and what was edited since."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from workflow import journal
from workflow.actions import apply
from workflow.gates import pre_check, rehearsal
from workflow.outcome import Finding, StepResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.two_apps import Project

COLUMN = 'migrations.AddField("product", "price", models.IntegerField(null=True))'
FILE = "shop/migrations/0002_price.py"


def migrate(project: Project) -> StepResult:
    context = project.context()
    rehearsal.run(context)
    result = apply.run(context)
    project.close()
    return result


@pytest.fixture
def path(project: Project) -> Path:
    return project.folder / ".workflow/journal.jsonl"


@pytest.fixture
def applied(project: Project) -> Project:
    """A project whose pending migration was applied and written down."""
    project.migration("shop", "0002_price", COLUMN)
    assert migrate(project).verdict is Verdict.PASSED
    return project


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class TestKept:
    def test_what_ran_by_whom_and_where(self, project: Project, path: Path) -> None:
        project.commit_all()
        project.migration("shop", "0002_price", COLUMN)
        migrate(project)
        begin, end = lines(path)
        assert (begin["event"], begin["branch"], begin["dirty"]) == ("begin", "main", True)
        assert begin["commit"] == project.git("rev-parse", "HEAD")
        assert begin["user"]
        assert begin["host"]
        assert begin["database"]["name"] == str(project.database)
        [row] = begin["migrations"]
        assert (row["app"], row["migration"], len(row["digest"])) == ("shop", "0002_price", 64)
        assert (end["event"], end["run"], end["outcome"]) == ("end", begin["run"], "passed")
        assert [(row["app"], row["migration"]) for row in end["applied"]] == [
            ("shop", "0002_price")
        ]

    def test_what_was_rolled_back_was_not_applied(self, project: Project, path: Path) -> None:
        head = (
            "def code(apps, schema_editor):\n"
            "    name = str(schema_editor.connection.settings_dict['NAME'])\n"
            "    assert not name.endswith('db.sqlite3')\n"
        )
        project.migration("shop", "0002_price", "migrations.RunPython(code)", head=head)
        assert migrate(project).verdict is Verdict.REFUSED
        _, end = lines(path)
        assert (end["outcome"], end["applied"], end["codes"]) == ("refused", [], ["DAT204"])

    def test_git_does_not_see_it(self, applied: Project) -> None:
        applied.commit_all()
        assert ".workflow" not in applied.git("ls-files")

    def test_a_line_that_was_cut_off_takes_no_other_with_it(
        self, project: Project, path: Path
    ) -> None:
        path.parent.mkdir()
        path.write_text('{"event": "beg')
        project.migration("shop", "0002_price", COLUMN)
        migrate(project)
        cut_off, *whole = path.read_text().splitlines()
        assert cut_off == '{"event": "beg'
        assert [json.loads(line)["event"] for line in whole] == ["begin", "end"]

    def test_an_old_line_goes_where_there_are_many(
        self, project: Project, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(journal, "KEPT", 3)
        path.parent.mkdir()
        path.write_text("".join(f'{{"event": "old {number}"}}\n' for number in range(6)))
        project.migration("shop", "0002_price", COLUMN)
        migrate(project)
        assert [line["event"] for line in lines(path)] == [
            "old 3", "old 4", "old 5", "begin", "end",
        ]  # fmt: skip


class TestDAT214:
    """It can't be written."""

    def test_it_is_said_and_the_apply_goes_on(self, project: Project, path: Path) -> None:
        path.mkdir(parents=True)
        project.migration("shop", "0002_price", COLUMN)
        result = migrate(project)
        assert result.verdict is Verdict.PASSED
        (finding,) = result.findings
        assert finding.code == "DAT214"
        assert ".workflow/journal.jsonl can't be written: Is a directory" in finding.message
        assert project.query("SELECT price FROM shop_product") == []


class TestHIS112:
    """A migration that was edited after it was applied."""

    def found(self, project: Project) -> list[Finding]:
        result = pre_check.run(project.context())
        return [finding for finding in result.findings if finding.code == "HIS112"]

    def test_another_operation(self, applied: Project) -> None:
        applied.migration("shop", "0002_price", COLUMN.replace("price", "cost"))
        (finding,) = self.found(applied)
        assert (finding.app, finding.migration, finding.path) == ("shop", "0002_price", FILE)
        assert finding.message.startswith(
            "shop.0002_price was edited since it was applied to the database 'default'."
        )

    def test_the_same(self, applied: Project) -> None:
        assert self.found(applied) == []

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"\n", b"\r\n"),
            (b"class Migration", b"# a comment\n\n\nclass Migration"),
            (b"null=True", b"null =  True"),
        ],
        ids=["ends of lines", "a comment", "spaces"],
    )
    def test_what_changes_nothing(self, applied: Project, old: bytes, new: bytes) -> None:
        file = applied.folder / FILE
        file.write_bytes(file.read_bytes().replace(old, new))
        assert self.found(applied) == []

    @pytest.fixture(params=[None, "interrupted"], ids=["killed", "interrupted"])
    def cut_off(self, applied: Project, path: Path, request: pytest.FixtureRequest) -> Project:
        """The same, but the run was cut off once the migration was in."""
        begin, end = lines(path)
        left = [begin] if request.param is None else [begin, {**end, "applied": None}]
        path.write_text("".join(json.dumps(line) + "\n" for line in left))
        return applied

    def test_in_a_run_that_was_cut_off(self, cut_off: Project) -> None:
        cut_off.migration("shop", "0002_price", COLUMN.replace("price", "cost"))
        (finding,) = self.found(cut_off)
        assert finding.message.startswith("shop.0002_price was edited since it was applied to")

    def test_the_same_in_a_run_that_was_cut_off(self, cut_off: Project) -> None:
        (cut_off.folder / FILE).touch()
        assert self.found(cut_off) == []

    def test_one_that_a_run_was_cut_off_before(self, cut_off: Project) -> None:
        """It was edited, and applied by other means."""
        cut_off.manage("migrate", "shop", "0001")
        cut_off.migration("shop", "0002_price", COLUMN.replace("price", "cost"))
        cut_off.manage("migrate")
        assert self.found(cut_off) == []

    def test_a_run_after_the_one_that_was_cut_off(self, cut_off: Project) -> None:
        cut_off.manage("migrate", "shop", "0001")
        cut_off.migration("shop", "0002_price", COLUMN.replace("price", "cost"))
        assert migrate(cut_off).verdict is Verdict.PASSED
        (cut_off.folder / FILE).touch()
        assert self.found(cut_off) == []
        cut_off.migration("shop", "0002_price", COLUMN)
        assert len(self.found(cut_off)) == 1

    def test_applied_to_another_database(self, applied: Project, path: Path) -> None:
        path.write_text(path.read_text().replace("db.sqlite3", "other.sqlite3"))
        applied.migration("shop", "0002_price", COLUMN.replace("price", "cost"))
        assert self.found(applied) == []

    def test_one_that_was_taken_back_since(self, applied: Project) -> None:
        applied.manage("migrate", "shop", "0001")
        applied.migration("shop", "0002_price", COLUMN.replace("price", "cost"))
        assert self.found(applied) == []
