"""What is pending runs on a copy first: the copy tells, and the database stays as it is."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.two_apps import Project, Silence
from workflow.gates import rehearsal
from workflow.gates.rehearsal import quoted
from workflow.outcome import Finding, Severity, StepResult, Verdict
from workflow.project.agent import AgentEnded

COLUMN = 'migrations.AddField("product", "price", models.IntegerField(null=True))'
RUN = "migrations.RunPython(code, migrations.RunPython.noop)"


def run(project: Project, **how: Any) -> StepResult:
    return rehearsal.run(project.context(**how))


def with_code(project: Project, *lines: str) -> None:
    """Let a pending migration run some code; its last line is line 6 for one line."""
    body = "\n".join(f"    {line}" for line in lines)
    project.migration("shop", "0002_code", RUN, head=f"def code(apps, schema_editor):\n{body}\n")


def test_skipped_when_nothing_is_pending(project: Project) -> None:
    result = run(project)
    assert (result.verdict, result.reason) == (Verdict.SKIPPED, "nothing is pending")
    assert not (project.folder / ".workflow").exists()


def test_what_is_pending_passes_with_its_evidence(project: Project) -> None:
    project.migration("shop", "0002_price", COLUMN)
    before, talk = project.dump(), Silence()
    context = project.context(talk=talk)
    result = rehearsal.run(context)
    assert result.verdict is Verdict.PASSED
    (row,) = result.evidence
    assert row["seconds"] > 0
    assert row["statements"] > 0
    assert {name: row[name] for name in ("app", "migration", "direction", "reversible")} == {
        "app": "shop",
        "migration": "0002_price",
        "direction": "forward",
        "reversible": True,
    }
    assert talk.told == ["rehearsing shop.0002_price", "taking back shop.0002_price"]
    assert project.dump() == before
    assert context.rehearsed is not None
    assert context.rehearsed["plan"] == [["shop", "0002_price"]]


def test_a_missing_database_is_rehearsed_from_nothing(project: Project) -> None:
    project.database.unlink()
    result = run(project)
    assert [row["app"] for row in result.evidence] == ["shop", "stock"]
    assert not project.database.exists()


def test_rows_of_the_copy_are_the_rows_of_the_database(project: Project) -> None:
    project.query("INSERT INTO shop_product (name) VALUES ('bread'), ('milk')")
    with_code(
        project,
        "Product = apps.get_model('shop', 'Product')",
        "assert Product.objects.count() == 2",
        "Product.objects.all().delete()",
    )
    context = project.context()
    assert rehearsal.run(context).verdict is Verdict.PASSED
    assert context.rehearsed is not None
    assert context.rehearsed["row_changes"]["shop_product"] == -2
    assert project.query("SELECT count(*) FROM shop_product") == [(2,)]


class TestDAT201:
    """A migration that fails."""

    def test_fires(self, project: Project) -> None:
        with_code(project, "raise ValueError('no such price')")
        before = project.dump()
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert result.findings == (
            Finding(
                "DAT201",
                Severity.ERROR,
                "shop.0002_code fails on a copy of the database: ValueError: no such price. "
                "Applied for real it would stop there, and whatever waits for it with it.",
                "Nothing was changed. Correct the migration, or the rows that it stumbles over, "
                "then run: migration-workflow migrate-safe",
                app="shop",
                migration="0002_code",
                operation=0,
                path="shop/migrations/0002_code.py",
                line=3,
                data={"error": "ValueError: no such price", "in_the_way": []},
            ),
        )
        assert "raise ValueError('no such price')" in str(result.details)
        assert project.dump() == before

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("raise SystemExit(3)", "SystemExit: 3"),
            ("raise SystemExit", "SystemExit"),
            ("raise SystemExit(0)", "SystemExit: 0"),
            ("raise KeyboardInterrupt", "KeyboardInterrupt"),
            ("raise GeneratorExit", "GeneratorExit"),
        ],
    )
    def test_what_would_end_python_is_a_failure_like_others(
        self, project: Project, code: str, said: str
    ) -> None:
        with_code(project, code)
        before, context = project.dump(), project.context()
        result = rehearsal.run(context)
        (finding,) = result.findings
        assert (finding.code, finding.operation, finding.line) == ("DAT201", 0, 3)
        assert finding.message.startswith(
            f"shop.0002_code fails on a copy of the database: {said}. "
        )
        assert project.dump() == before
        assert context.agent.boots == 1
        assert context.agent.ask("drift", database="default") == {"changes": {}}

    def test_silent_for_an_exit_that_the_migration_sees_to(self, project: Project) -> None:
        with_code(project, "try:", "    raise SystemExit(3)", "except SystemExit:", "    pass")
        assert run(project).verdict is Verdict.PASSED

    def test_the_operation_that_failed_is_named(self, project: Project) -> None:
        name = 'migrations.RunSQL("SELECT 1", "")'
        project.migration("shop", "0002_sql", name, 'migrations.RunSQL("no sql", "")')
        (finding,) = run(project).findings
        assert finding.operation == 1
        assert 'OperationalError: near "no": syntax error.' in finding.message

    def test_code_that_ends_its_transaction(self, project: Project) -> None:
        with_code(project, "schema_editor.connection.cursor().execute('COMMIT')")
        before = project.dump()
        (finding,) = run(project).findings
        assert finding.code == "DAT201"
        assert "COMMIT ends the transaction that the migration runs in" in finding.message
        assert project.dump() == before

    def test_what_ran_before_it_is_evidence(self, project: Project) -> None:
        project.migration("shop", "0002_a")
        project.migration("shop", "0003_b", 'migrations.RunSQL("no")', after=(("shop", "0002_a"),))
        result = run(project)
        assert [row["migration"] for row in result.evidence] == ["0002_a"]

    def test_rows_that_break_a_constraint(self, project: Project) -> None:
        project.query("INSERT INTO shop_product (name) VALUES ('bread'), ('bread')")
        field = "models.CharField(max_length=20, unique=True)"
        alter = f'migrations.AlterField("product", "name", {field})'
        project.migration("shop", "0002_unique", alter)
        (finding,) = run(project).findings
        assert "IntegrityError: UNIQUE constraint failed" in finding.message

    def test_the_query_names_what_the_database_has_now(self, project: Project) -> None:
        project.query("INSERT INTO shop_product (name) VALUES ('bread'), ('bread')")
        project.migration(
            "shop", "0002_title", 'migrations.RenameField("product", "name", "title")'
        )
        field = "models.CharField(max_length=20, unique=True)"
        alter = f'migrations.AlterField("product", "title", {field})'
        project.migration("shop", "0003_unique", alter, after=(("shop", "0002_title"),))
        (finding,) = run(project).findings
        query = (
            'SELECT "name", count(*) AS same FROM "shop_product" WHERE "name" IS NOT NULL '
            'GROUP BY "name" HAVING count(*) > 1'
        )
        assert f"shop.Product has 2 rows that are not unique ({query}). " in finding.message
        assert project.query(query) == [("bread", 2)]

    def test_the_query_for_a_column_that_is_not_there_yet(self, project: Project) -> None:
        project.query("INSERT INTO shop_product (name) VALUES ('bread')")
        alter = 'migrations.AlterField("product", "price", models.IntegerField())'
        project.migration("shop", "0002_price", COLUMN, alter)
        (finding,) = run(project).findings
        assert (
            'shop.Product has 1 row without a value (SELECT * FROM "shop_product" WHERE "price" IS '
            "NULL; it can be run once shop_product.price is there). "
        ) in finding.message

    def test_a_foreign_key_that_leads_nowhere(self, project: Project) -> None:
        statement = "INSERT INTO stock_place (product_id) VALUES (99)"
        project.migration(
            "shop",
            "0002_sql",
            f'migrations.RunSQL("{statement}")',
            after=(("shop", "0001_initial"), ("stock", "0001_initial")),
        )
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert "IntegrityError" in result.findings[0].message

    def test_silent_for_a_migration_that_catches_what_it_raises(self, project: Project) -> None:
        with_code(project, "try:", "    raise ValueError", "except ValueError:", "    pass")
        assert run(project).findings == ()


class TestDAT202:
    """A migration that reaches into a second database."""

    @pytest.fixture(autouse=True)
    def second(self, project: Project) -> None:
        project.add_setting(
            'DATABASES["other"] = {**DATABASES["default"], "NAME": BASE_DIR / "other.sqlite3"}\n'
        )

    def reach(self, project: Project, statement: str, alias: str = "other") -> None:
        with_code(project, f'connections["{alias}"].cursor().execute("{statement}")')

    def test_fires(self, project: Project) -> None:
        self.reach(project, "CREATE TABLE t (x)")
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert result.findings == (
            Finding(
                "DAT202",
                Severity.ERROR,
                "shop.0002_code can't be rehearsed: OtherDatabaseError: it writes to the "
                "database 'other': CREATE TABLE t (x). A migration that reaches into a second "
                "database can't be tried out without changing that one.",
                "Write the change for the other database as a migration that runs there "
                "(allow_migrate in a router), and use schema_editor.connection.alias here.",
                app="shop",
                migration="0002_code",
                operation=0,
                path="shop/migrations/0002_code.py",
                line=3,
            ),
        )

    @pytest.mark.parametrize("statement", ["SELECT 1", "  (SELECT 1)", "pragma user_version"])
    def test_silent_for_what_only_reads(self, project: Project, statement: str) -> None:
        self.reach(project, statement.replace("(", "").replace(")", ""))
        assert run(project).findings == ()

    def test_silent_for_the_database_that_is_rehearsed(self, project: Project) -> None:
        self.reach(project, "CREATE TABLE t (x)", alias="default")
        assert run(project).findings == ()

    def test_silent_for_another_alias_of_the_same_database(self, project: Project) -> None:
        project.add_setting('DATABASES["replica"] = {**DATABASES["default"]}\n')
        self.reach(project, "SELECT count(*) FROM shop_product", alias="replica")
        assert run(project).findings == ()


def test_mail_that_a_migration_sends_is_received_by_nobody(project: Project) -> None:
    project.write("config/mail.py", "raise SystemExit('this backend must not be loaded')\n")
    project.add_setting('EMAIL_BACKEND = "config.mail.Backend"\n')
    with_code(
        project,
        "from django.core import mail",
        "mail.send_mail('s', 'b', 'a@example.org', ['b@example.org'])",
    )
    assert run(project).verdict is Verdict.PASSED


def test_a_migration_that_kills_the_process_could_not_be_checked(project: Project) -> None:
    with_code(project, "import os; os._exit(5)")
    before = project.dump()
    with pytest.raises(AgentEnded, match=r"exit code 5"):
        run(project)
    assert project.dump() == before


def test_no_copy_is_left_behind(project: Project) -> None:
    project.migration("shop", "0002_price", COLUMN)
    before = project.tree()
    run(project)
    project.close()
    assert project.tree() == before


def test_a_copy_that_can_not_be_written_could_not_be_checked(project: Project) -> None:
    project.migration("shop", "0002_price", COLUMN)
    (project.folder / ".workflow").touch()
    with pytest.raises(Exception, match=r"^no scratch files can be written below ") as caught:
        run(project)
    assert caught.typename == "CouldNotCheck"


def test_another_database_by_its_alias(project: Project) -> None:
    project.add_setting(
        'DATABASES["other"] = {**DATABASES["default"], "NAME": BASE_DIR / "other.sqlite3"}\n'
    )
    shutil.copy(project.database, project.folder / "other.sqlite3")
    project.migration("shop", "0002_price", COLUMN)
    context = project.context(database="other")
    assert rehearsal.run(context).verdict is Verdict.PASSED
    assert context.rehearsed is not None
    assert "shop_product" in context.rehearsed["after"]["rows"]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("no price", "ValueError: no price."),
        ("no price.", "ValueError: no price."),
        ("why?", "ValueError: why?"),
        ("", "ValueError."),
    ],
)
def test_what_an_exception_said_ends_a_sentence(message: str, sentence: str) -> None:
    assert quoted({"type": "ValueError", "message": message}) == sentence
