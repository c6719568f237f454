"""A database that a killed apply left half changed is put back, with consent and with proof."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.two_apps import Project, Silence
from workflow.actions import apply, put_back
from workflow.errors import CouldNotCheck, UsageError
from workflow.gates import rehearsal
from workflow.outcome import Verdict
from workflow.project.scratch import KEEP, cut_off, make_state_folder

if TYPE_CHECKING:
    from workflow.context import Context

SENTENCE = "put the database 'default' back to the snapshot in .workflow/scratch/run-x"


@pytest.fixture
def half(project: Project) -> Project:
    """A project with a half changed database, and a killed run's folder with the snapshot."""
    project.query("INSERT INTO shop_product (name) VALUES ('bread')")
    folder = project.folder / ".workflow/scratch/run-x"
    make_state_folder(project.folder / ".workflow")
    folder.mkdir(parents=True)
    (folder / "lock").touch()
    shutil.copy(project.database, folder / "before.sqlite3")
    (folder / KEEP).write_text(json.dumps({"database": "default", "existed": True}))
    project.query("CREATE TABLE half (x)")
    project.query("DELETE FROM shop_product")
    return project


def put(project: Project, **how: Any) -> Context:
    context = project.context(**how)
    assert context.facts
    result = put_back.run(context)
    assert result.verdict is Verdict.PASSED
    assert result.details == "the database is what it was before"
    return context


def tables(project: Project) -> list[str]:
    return [name for (name,) in project.query("SELECT name FROM sqlite_master")]


class TestPutBack:
    def test_when_told_to(self, half: Project) -> None:
        put(half, yes=True)
        assert "half" not in tables(half)
        assert half.query("SELECT name FROM shop_product") == [("bread",)]
        half.close()
        assert not (half.folder / ".workflow").exists()

    def test_when_a_person_agrees(self, half: Project) -> None:
        talk = Silence("yes")
        put(half, talk=talk)
        assert talk.asked == [f"{SENTENCE}. Type yes to do it."]
        assert "half" not in tables(half)

    def test_a_database_that_was_not_there_goes_again(self, half: Project) -> None:
        (half.folder / ".workflow/scratch/run-x/before.sqlite3").unlink()
        (half.folder / ".workflow/scratch/run-x" / KEEP).write_text(
            json.dumps({"database": "default", "existed": False})
        )
        put(half, yes=True)
        assert not half.database.exists()

    def test_skipped_when_nothing_was_cut_off(self, project: Project) -> None:
        result = put_back.run(project.context(yes=True))
        assert (result.verdict, result.reason) == (Verdict.SKIPPED, "no apply was cut off")


class TestPlan:
    def test_it_says_what_it_would_do(self, half: Project) -> None:
        before = half.tree()
        assert put_back.plan(half.context()) == SENTENCE
        assert half.tree() == before

    def test_nothing(self, project: Project) -> None:
        assert put_back.plan(project.context()) == "nothing to put back"


class TestNotPutBack:
    def test_where_nobody_can_be_asked(self, half: Project) -> None:
        before = half.tree()
        with pytest.raises(UsageError) as caught:
            put_back.run(half.context(talk=Silence()))
        assert str(caught.value) == (
            f"{SENTENCE}: there is nobody to ask, give --yes. Nothing was changed"
        )
        assert half.tree() == before

    @pytest.mark.parametrize("reply", ["", "no", "y", "YES"])
    def test_without_a_clear_yes(self, half: Project, reply: str) -> None:
        before = half.tree()
        with pytest.raises(CouldNotCheck) as caught:
            put_back.run(half.context(talk=Silence(reply)))
        assert str(caught.value) == f"{SENTENCE}: say yes, or give --yes. Nothing was changed"
        assert half.tree() == before

    @pytest.mark.parametrize("note", ["", "{}", "no json", "[]"])
    def test_a_note_that_does_not_say_which_database(self, half: Project, note: str) -> None:
        (half.folder / ".workflow/scratch/run-x" / KEEP).write_text(note)
        before = half.tree()
        with pytest.raises(CouldNotCheck, match=r"/keep does not say which database it is for$"):
            put_back.run(half.context(yes=True))
        assert half.tree() == before

    def test_without_proof_that_it_is_back(self, half: Project) -> None:
        half.add_setting(
            """
            import itertools
            from _migration_workflow_agent import applying
            applying.fingerprint = lambda connection, number=itertools.count(): next(number)
            """
        )
        context = half.context(yes=True)
        assert context.facts
        with pytest.raises(CouldNotCheck) as caught:
            put_back.run(context)
        folder = half.folder / ".workflow/scratch/run-x"
        assert str(caught.value) == (
            "the database is not what the snapshot holds: somebody is writing to it. The "
            f"snapshot is kept in {folder}"
        )
        half.close()
        assert (folder / KEEP).exists()
        assert (folder / "before.sqlite3").exists()

    def test_while_somebody_holds_the_database(self, half: Project) -> None:
        half.add_setting(
            """
            DATABASES["default"]["OPTIONS"] = {"timeout": 0.05}
            from _migration_workflow_agent import copies
            copies.BUSY_SECONDS = 0.05
            """
        )
        context = half.context(yes=True)
        assert context.facts
        before = (half.folder / ".workflow/scratch/run-x/before.sqlite3").read_bytes()
        with closing(sqlite3.connect(half.database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(CouldNotCheck):
                put_back.run(context)
        half.close()
        assert (half.folder / ".workflow/scratch/run-x/before.sqlite3").read_bytes() == before
        assert len(cut_off(half.folder / ".workflow")) == 1
        assert "half" in tables(half)


def test_a_killed_host_leaves_what_recover_needs(project: Project) -> None:
    """It is killed with its agent, in the middle of a plan that can't be one transaction."""
    head = (
        "import os\n"
        "def code(apps, schema_editor):\n"
        "    if str(schema_editor.connection.settings_dict['NAME']).endswith('db.sqlite3'):\n"
        "        os.kill(os.getpid(), 9)\n"
    )
    project.query("INSERT INTO shop_product (name) VALUES ('bread')")
    project.migration(
        "shop",
        "0002_code",
        'migrations.RunSQL("CREATE TABLE half (x)", "DROP TABLE half")',
        "migrations.RunPython(code)",
        head=head,
        body="atomic = False",
    )
    before = project.dump()
    child = os.fork()
    if child == 0:
        context = project.context()
        rehearsal.run(context)
        context.restart_agent = lambda: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment,method-assign,return-value]
        apply.run(context)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert "half" in tables(project)
    assert len(cut_off(project.folder / ".workflow")) == 1
    put(project, yes=True)
    assert project.dump() == before
    project.close()
    kept = {path.name for path in (project.folder / ".workflow").iterdir()}
    assert kept == {".gitignore", "journal.jsonl"}
