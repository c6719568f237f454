"""What was rehearsed is applied, or the database is what it was before."""

from __future__ import annotations

import fcntl
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.two_apps import Project, Silence
from workflow.actions import apply
from workflow.errors import CouldNotCheck
from workflow.gates import pre_check, rehearsal
from workflow.outcome import Finding, Severity, Verdict
from workflow.project.scratch import KEEP

if TYPE_CHECKING:
    from workflow.context import Context

COLUMN = 'migrations.AddField("product", "price", models.IntegerField(null=True))'
TABLE = 'migrations.RunSQL("CREATE TABLE half (x)", "DROP TABLE half")'
RUN = "migrations.RunPython(code, migrations.RunPython.noop)"
STEPWISE = "atomic = False"
PRE_CHECK = "migration-workflow pre-check."


def rehearsed(project: Project, **how: Any) -> Context:
    context = project.context(**how)
    assert rehearsal.run(context).verdict is Verdict.PASSED
    return context


def on_the_database(
    project: Project, code: str, *, body: str = "", name: str = "0002_code"
) -> None:
    """Let a pending migration do something on the database itself that it does not on a copy."""
    head = (
        "import os\n"
        "def code(apps, schema_editor):\n"
        "    name = str(schema_editor.connection.settings_dict['NAME'])\n"
        "    if name.endswith('db.sqlite3'):\n"
        f"        {code}\n"
    )
    project.migration("shop", "0002_code", TABLE, RUN, head=head, body=body)


def assert_only_the_journal_is_left(project: Project) -> None:
    left = sorted(path.name for path in (project.folder / ".workflow").iterdir())
    assert left == [".gitignore", "journal.jsonl"]


class TestApplied:
    def test_what_is_pending(self, project: Project) -> None:
        project.migration("shop", "0002_price", COLUMN)
        talk = Silence()
        result = apply.run(rehearsed(project, talk=talk))
        assert result.verdict is Verdict.PASSED
        assert result.details == "applied shop.0002_price"
        assert [row["migration"] for row in result.evidence] == ["0002_price"]
        assert talk.told[0] == "rehearsing shop.0002_price"
        assert talk.told[-1] == "applying shop.0002_price"
        assert project.query("SELECT price FROM shop_product") == []
        assert ("shop", "0002_price") in project.query("SELECT app, name FROM django_migrations")

    def test_a_database_that_was_not_there(self, project: Project) -> None:
        project.database.unlink()
        assert apply.run(rehearsed(project)).verdict is Verdict.PASSED
        assert len(project.query("SELECT * FROM django_migrations")) == 2

    def test_one_that_can_not_run_in_a_transaction(self, project: Project) -> None:
        project.migration("shop", "0002_table", TABLE, body=STEPWISE)
        context = rehearsed(project)
        assert apply.run(context).verdict is Verdict.PASSED
        assert not context.is_half_applied
        assert project.query("SELECT * FROM half") == []

    def test_rows_that_a_migration_adds(self, project: Project) -> None:
        head = (
            "def code(apps, schema_editor):\n"
            "    apps.get_model('shop', 'Product').objects.create(name='bread')\n"
        )
        project.migration("shop", "0002_code", RUN, head=head)
        assert apply.run(rehearsed(project)).verdict is Verdict.PASSED
        assert project.query("SELECT name FROM shop_product") == [("bread",)]

    def test_skipped_when_nothing_is_pending(self, project: Project) -> None:
        result = apply.run(project.context())
        assert (result.verdict, result.reason) == (Verdict.SKIPPED, "nothing is pending")

    def test_nothing_is_left_behind(self, project: Project) -> None:
        project.migration("shop", "0002_table", TABLE, body=STEPWISE)
        apply.run(rehearsed(project))
        project.close()
        assert_only_the_journal_is_left(project)


class TestPlan:
    def test_it_names_what_would_be_applied(self, project: Project) -> None:
        project.migration("shop", "0002_price", COLUMN)
        before = project.dump()
        assert apply.plan(rehearsed(project)) == (
            "would apply shop.0002_price\nto the database 'default'"
        )
        assert project.dump() == before

    def test_nothing(self, project: Project) -> None:
        assert apply.plan(project.context()) == "nothing is pending"


class TestDAT203:
    """Something else than what was rehearsed."""

    @pytest.fixture
    def context(self, project: Project) -> Context:
        project.migration("shop", "0002_price", COLUMN)
        return rehearsed(project)

    def only(self, context: Context) -> Finding:
        result = apply.run(context)
        assert result.verdict is Verdict.REFUSED
        (finding,) = result.findings
        assert finding.code == "DAT203"
        return finding

    def test_the_schema_changed_since(self, project: Project, context: Context) -> None:
        project.query("CREATE TABLE surprise (x)")
        before = project.dump()
        assert self.only(context) == Finding(
            "DAT203",
            Severity.ERROR,
            "Not applied: the database changed since the rehearsal (surprise is left over). The "
            "database was rolled back: it is as it was before.",
            "If somebody else used the database meanwhile, run again: migration-workflow "
            "migrate-safe",
            data={"differences": ["surprise is left over"]},
        )
        assert project.dump() == before

    def test_other_migrations_were_recorded_since(self, project: Project, context: Context) -> None:
        project.query(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('a', 'b', '2026-01-01')"
        )
        finding = self.only(context)
        assert "(other migrations are recorded as applied)" in finding.message

    def test_a_migration_that_came_in_since_is_not_applied(
        self, project: Project, context: Context
    ) -> None:
        project.migration("shop", "0003_more", after=(("shop", "0002_price"),))
        assert apply.run(context).verdict is Verdict.PASSED
        names = project.query("SELECT name FROM django_migrations WHERE app = 'shop'")
        assert names == [("0001_initial",), ("0002_price",)]

    def test_rows_that_came_in_since_are_no_matter(
        self, project: Project, context: Context
    ) -> None:
        project.query("INSERT INTO shop_product (name) VALUES ('bread')")
        assert apply.run(context).verdict is Verdict.PASSED
        assert project.query("SELECT name, price FROM shop_product") == [("bread", None)]

    def test_the_result_has_another_schema(self, project: Project) -> None:
        (project.folder / "shop/migrations/0002_price.py").unlink(missing_ok=True)
        on_the_database(project, "schema_editor.execute('CREATE TABLE surprise (x)')")
        before = project.dump()
        finding = self.only(rehearsed(project))
        assert finding.message.startswith(
            "Not applied: the result is not what was rehearsed (surprise is left over)."
        )
        assert project.dump() == before

    def test_the_result_has_other_rows(self, project: Project) -> None:
        (project.folder / "shop/migrations/0002_price.py").unlink(missing_ok=True)
        on_the_database(
            project, "schema_editor.execute(\"INSERT INTO shop_product (name) VALUES ('x')\")"
        )
        before = project.dump()
        finding = self.only(rehearsed(project))
        assert "(shop_product: rows changed by 1, in the rehearsal by 0)" in finding.message
        assert project.dump() == before


class TestDAT204:
    """A failure that the rehearsal did not have."""

    def test_all_in_one_transaction(self, project: Project) -> None:
        on_the_database(project, "raise ValueError('only here')")
        before = project.dump()
        result = apply.run(rehearsed(project))
        assert result.verdict is Verdict.REFUSED
        assert result.findings == (
            Finding(
                "DAT204",
                Severity.ERROR,
                "shop.0002_code failed, although its rehearsal did not: ValueError: only here. "
                "The database was rolled back: it is as it was before.",
                "Something differs between the copy and the database, such as a lock or rows "
                "that came in between. Run again: migration-workflow migrate-safe",
                app="shop",
                migration="0002_code",
                operation=1,
                path="shop/migrations/0002_code.py",
                line=6,
            ),
        )
        assert "raise ValueError('only here')" in str(result.details)
        assert project.dump() == before

    @pytest.mark.parametrize("body", ["", STEPWISE], ids=["as one", "stepwise"])
    def test_one_that_exits(self, project: Project, body: str) -> None:
        on_the_database(project, "raise SystemExit(3)", body=body)
        before = project.dump()
        (finding,) = apply.run(rehearsed(project)).findings
        assert finding.code == "DAT204"
        assert finding.message.startswith(
            "shop.0002_code failed, although its rehearsal did not: SystemExit: 3. "
        )
        assert "is as it was before." in finding.message
        assert project.dump() == before

    def test_a_later_one_takes_the_earlier_ones_back(self, project: Project) -> None:
        both = (("stock", "0001_initial"), ("shop", "0002_code"))
        project.migration("stock", "0002_more", after=both)
        on_the_database(project, "pass")
        head = (
            "def code(apps, schema_editor):\n"
            "    name = str(schema_editor.connection.settings_dict['NAME'])\n"
            "    assert not name.endswith('db.sqlite3')\n"
        )
        both = (("stock", "0002_more"), ("shop", "0002_code"))
        project.migration("shop", "0003_bad", RUN, head=head, after=both)
        before = project.dump()
        result = apply.run(rehearsed(project))
        assert [finding.migration for finding in result.findings] == ["0003_bad"]
        assert project.dump() == before

    def test_a_snapshot_where_there_is_no_one_transaction(self, project: Project) -> None:
        project.query("INSERT INTO shop_product (name) VALUES ('bread')")
        on_the_database(project, "raise ValueError('only here')", body=STEPWISE)
        before = project.dump()
        context = rehearsed(project)
        result = apply.run(context)
        (finding,) = result.findings
        assert finding.code == "DAT204"
        assert "The snapshot was put back: the database is as it was before." in finding.message
        assert project.dump() == before
        assert not context.is_half_applied

    def test_a_snapshot_where_a_migration_ends_its_transaction(self, project: Project) -> None:
        head = (
            "def code(apps, schema_editor):\n"
            "    if str(schema_editor.connection.settings_dict['NAME']).endswith('db.sqlite3'):\n"
            "        raise ValueError('only here')\n"
        )
        ends = 'migrations.RunSQL(["CREATE TABLE half (x)", "COMMIT"], "DROP TABLE half")'
        project.migration("shop", "0002_code", ends, RUN, head=head)
        before = project.dump()
        result = apply.run(rehearsed(project))
        (finding,) = result.findings
        assert finding.code == "DAT204"
        assert "The snapshot was put back: the database is as it was before." in finding.message
        assert project.dump() == before

    @pytest.mark.parametrize("body", ["", STEPWISE], ids=["as one", "stepwise"])
    def test_a_database_that_was_not_there_is_not_there_again(
        self, project: Project, body: str
    ) -> None:
        project.database.unlink()
        on_the_database(project, "raise ValueError('only here')", body=body)
        result = apply.run(rehearsed(project))
        assert [finding.code for finding in result.findings] == ["DAT204"]
        assert not project.database.exists()


class TestKilled:
    """The project's process goes in the middle."""

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            ("", "The database is as it was before."),
            (STEPWISE, "The snapshot was put back: the database is as it was before."),
        ],
        ids=["as one", "stepwise"],
    )
    def test_the_database_is_as_it_was(self, project: Project, body: str, sentence: str) -> None:
        project.query("INSERT INTO shop_product (name) VALUES ('bread')")
        on_the_database(project, "os.kill(os.getpid(), 9)", body=body)
        before = project.dump()
        context = rehearsed(project)
        with pytest.raises(CouldNotCheck) as caught:
            apply.run(context)
        assert str(caught.value) == (
            f"manage.py ended before it answered (exit code -9). {sentence}"
        )
        assert project.dump() == before
        project.close()
        assert_only_the_journal_is_left(project)

    def test_the_snapshot_waits_for_the_turn(self, project: Project) -> None:
        """Somebody else has it since: they are not disturbed, and the snapshot is kept."""
        on_the_database(project, "os.kill(os.getpid(), 9)", body=STEPWISE)
        context = rehearsed(project, wait=0)
        restart = context.restart_agent
        with (project.folder / "db.sqlite3-migrating").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with pytest.raises(CouldNotCheck, match="has its turn now: run migration-workflow rec"):
                apply.run(context)
            assert project.query("SELECT * FROM half") == []
            assert context.is_half_applied
        assert restart().ask("turn", database="default", wait=0)["held"]

    @pytest.mark.parametrize("has_turn", [True, False])
    def test_who_has_the_turn_finds_the_note_of_one_that_lives(
        self, project: Project, has_turn: bool
    ) -> None:
        """Its agent is gone, and it waits to put the snapshot back."""
        living = project.context()
        (living.scratch.folder / KEEP).write_text('{"database": "default"}')
        other = project.context()
        other.has_turn = has_turn
        codes = [finding.code for finding in pre_check.run(other).findings]
        assert ("HIS105" in codes) is has_turn
        living.scratch.discard_note()

    @pytest.mark.parametrize(
        ("then", "sentence"),
        [
            ("", "The database is migrated as rehearsed."),
            (
                "import sqlite3; sqlite3.connect(name).execute('CREATE TABLE surprise (x)')",
                "The database is neither as it was nor as rehearsed: run " + PRE_CHECK,
            ),
        ],
        ids=["as rehearsed", "as nobody knows"],
    )
    def test_after_everything_was_kept(self, project: Project, then: str, sentence: str) -> None:
        head = f"""\
            import os
            import sys

            def code(apps, schema_editor):
                name = str(schema_editor.connection.settings_dict["NAME"])

                def end():
                    {then}
                    os._exit(9)

                if name.endswith("db.sqlite3"):
                    sys.modules["_migration_workflow_agent.applying"].forget_caches = end
            """
        project.migration("shop", "0002_code", TABLE, RUN, head=head)
        with pytest.raises(CouldNotCheck) as caught:
            apply.run(rehearsed(project))
        assert str(caught.value) == (
            f"manage.py ended before it answered (exit code 9). {sentence}"
        )


class TestDAT211:
    """A lock that was not to be had."""

    def locked(self, project: Project) -> Finding:
        project.write("migration-workflow.toml", "lock-seconds = 0.1\nretry-seconds = 0.2\n")
        context = rehearsed(project)
        with closing(sqlite3.connect(project.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            result = apply.run(context)
        assert result.verdict is Verdict.REFUSED
        (finding,) = result.findings
        return finding

    def test_the_database_is_as_it_was(self, project: Project) -> None:
        project.migration("shop", "0002_price", COLUMN)
        before = project.dump()
        finding = self.locked(project)
        assert finding.code == "DAT211"
        assert finding.message == (
            "The plan did not get a lock within 0 seconds (2 tries). Who has it, the server does "
            "not tell. The database was rolled back: it is as it was before."
        )
        assert project.dump() == before

    def test_it_is_tried_again_until_the_lock_is_free(self, project: Project) -> None:
        project.migration("shop", "0002_price", COLUMN)
        project.write("migration-workflow.toml", "lock-seconds = 0.1\n")

        class Talk(Silence):
            def progress(self, text: str) -> None:
                super().progress(text)
                if text.startswith("pausing"):
                    other.rollback()

        context = rehearsed(project, talk=Talk())
        with closing(sqlite3.connect(project.database, check_same_thread=False)) as other:
            other.execute("INSERT INTO shop_product (name) VALUES ('bread')")
            assert apply.run(context).verdict is Verdict.PASSED
        assert project.query("SELECT price FROM shop_product") == []


class TestHostGone:
    """Whoever asked for it goes away while it is being undone."""

    WAIT = """\
        import select
        import sys

        def code(apps, schema_editor):
            name = str(schema_editor.connection.settings_dict["NAME"])
            if not name.endswith("db.sqlite3"):
                return
            applying = sys.modules["_migration_workflow_agent.applying"]
            undo, put_back, channels = applying.Undo._undo, applying.put_back, []

            def heard(self):
                channels.append(self.channel)
                undo(self)

            def wait_for_the_host_to_go(alias, path):
                poll = select.poll()
                channels[0].event(doing="undoing", app="shop", migration="0002_code")
                poll.register(channels[0]._requests, 0)
                poll.poll()
                put_back(alias, path)

            applying.Undo._undo = heard
            applying.put_back = wait_for_the_host_to_go
            raise ValueError("only here")
        """

    def test_what_is_being_put_back_is_put_back_to_the_end(self, project: Project) -> None:
        project.query("INSERT INTO shop_product (name) VALUES ('bread')")
        project.migration("shop", "0002_code", TABLE, RUN, head=self.WAIT, body=STEPWISE)
        before = project.dump()

        class Gone(Silence):
            def progress(self, text: str) -> None:
                if text.startswith("undoing"):
                    raise KeyboardInterrupt

        context = rehearsed(project, talk=Gone())
        with pytest.raises(KeyboardInterrupt):
            apply.run(context)
        context.close()
        assert project.dump() == before
        assert not context.is_half_applied
        assert_only_the_journal_is_left(project)
