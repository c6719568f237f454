"""An empty database leads to the head, back, and forward again to the same schema."""

from __future__ import annotations

from typing import Any

import pytest

from tests.two_apps import PRODUCT, Project
from workflow.errors import CouldNotCheck
from workflow.gates import clean
from workflow.outcome import Finding, Severity, StepResult, Verdict

NOOP = "migrations.RunPython.noop"
ONE_WAY = f"migrations.RunPython({NOOP})"


def run(project: Project, **how: Any) -> StepResult:
    return clean.run(project.context(**how))


def rows(result: StepResult) -> list[tuple[str, str]]:
    return [(row["direction"], f"{row['app']}.{row['migration']}") for row in result.evidence]


def with_code(project: Project, *lines: str, back: str = NOOP) -> None:
    body = "\n".join(f"    {line}" for line in lines)
    head = f"def code(apps, schema_editor):\n{body}\n"
    forward = NOOP if back == "code" else "code"
    project.migration("shop", "0002_code", f"migrations.RunPython({forward}, {back})", head=head)


class TestPasses:
    def test_up_back_and_up_again(self, project: Project) -> None:
        before = project.dump()
        result = run(project)
        assert (result.verdict, result.findings) == (Verdict.PASSED, ())
        assert rows(result) == [
            ("forward", "shop.0001_initial"),
            ("forward", "stock.0001_initial"),
            ("back", "stock.0001_initial"),
            ("back", "shop.0001_initial"),
            ("forward", "shop.0001_initial"),
            ("forward", "stock.0001_initial"),
        ]
        told, kept, where = str(result.details).splitlines()
        assert told == "back and forward again: 2 migrations"
        assert kept == "from a kept database: 0 of 2 migrations"
        assert where == f"on {result.scratch['engine']}, a file"
        assert result.scratch["engine"].startswith("sqlite 3.")
        assert project.dump() == before

    def test_a_database_that_is_not_there_stays_so(self, project: Project) -> None:
        project.database.unlink()
        assert run(project).verdict is Verdict.PASSED
        assert not project.database.exists()

    def test_no_scratch_database_is_left(self, project: Project) -> None:
        before = project.tree()
        run(project)
        project.close()
        left = {
            name: text for name, text in project.tree().items() if name.split("/")[1:2] != ["kept"]
        }
        assert left == {**before, ".workflow/.gitignore": b"*\n"}

    def test_only_what_this_branch_brings_goes_back(self, project: Project) -> None:
        project.commit_all()
        project.git("switch", "--quiet", "--create", "feature")
        project.migration("shop", "0002_more")
        project.commit_all()
        result = run(project)
        assert [name for way, name in rows(result) if way == "back"] == ["shop.0002_more"]

    def test_what_is_not_committed_goes_back_too(self, project: Project) -> None:
        project.commit_all()
        project.git("switch", "--quiet", "--create", "feature")
        project.migration("shop", "0002_more")
        project.commit_all()
        project.migration("shop", "0003_more", after=(("shop", "0002_more"),))
        back = [name for way, name in rows(run(project)) if way == "back"]
        assert back == ["shop.0003_more", "shop.0002_more"]

    def test_on_the_main_branch_everything_goes_back(self, project: Project) -> None:
        project.commit_all()
        assert len(rows(run(project))) == 6

    def test_a_squash_of_what_the_main_branch_has_stays(self, project: Project) -> None:
        project.commit_all()
        project.git("switch", "--quiet", "--create", "feature")
        replaces = 'replaces = [("shop", "0001_initial")]'
        project.migration("shop", "0001_squashed", PRODUCT, after=(), body=replaces)
        project.migration("shop", "0002_more", after=(("shop", "0001_squashed"),))
        project.commit_all()
        back = [name for way, name in rows(run(project)) if way == "back"]
        assert back == ["shop.0002_more"]

    def test_an_installed_app_stays(self, project: Project) -> None:
        installed = '"stock", "django.contrib.contenttypes"]'
        project.replace("config/settings.py", '"stock"]', installed)
        back = [name for way, name in rows(run(project)) if way == "back"]
        assert back == ["stock.0001_initial", "shop.0001_initial"]


class TestDAT206:
    """A history that does not build an empty database."""

    def test_fires(self, project: Project) -> None:
        with_code(project, "apps.get_model('shop', 'Product').objects.get(pk=1)")
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert result.findings == (
            Finding(
                "DAT206",
                Severity.ERROR,
                "shop.0002_code fails on an empty database: DoesNotExist: Product matching query "
                "does not exist. Whoever starts with an empty database (a new colleague, CI, a "
                "test run) stops there.",
                "Correct the migration, then run: migration-workflow test-migrations-clean",
                app="shop",
                migration="0002_code",
                operation=0,
                path="shop/migrations/0002_code.py",
                line=3,
            ),
        )
        assert "DoesNotExist" in str(result.details)

    def test_silent_for_code_that_finds_no_row(self, project: Project) -> None:
        with_code(project, "apps.get_model('shop', 'Product').objects.update(name='x')")
        assert run(project).findings == ()


class TestDAT207:
    """A migration that can't be reversed."""

    def test_fires(self, project: Project) -> None:
        project.migration("shop", "0002_code", ONE_WAY)
        result = run(project)
        assert result.verdict is Verdict.PASSED
        assert result.findings == (
            Finding(
                "DAT207",
                Severity.WARNING,
                "shop.0002_code can't be reversed: whoever has applied it can't go back below it.",
                "Give its RunPython or RunSQL a reverse; where there is nothing to undo, "
                "RunPython.noop or RunSQL.noop says so.",
                app="shop",
                migration="0002_code",
            ),
        )

    def test_refuses_a_strict_run(self, project: Project) -> None:
        project.migration("shop", "0002_code", ONE_WAY)
        assert run(project, strict=True).verdict is Verdict.REFUSED

    def test_in_the_middle_what_is_above_goes_back_and_what_is_below_stays(
        self, project: Project
    ) -> None:
        project.migration("shop", "0002_one_way", ONE_WAY)
        project.migration("shop", "0003_more", after=(("shop", "0002_one_way"),))
        result = run(project)
        back = {name for way, name in rows(result) if way == "back"}
        assert back == {"stock.0001_initial", "shop.0003_more"}
        assert [finding.migration for finding in result.findings] == ["0002_one_way"]
        assert str(result.details).splitlines()[:-2] == [
            "back and forward again: 2 migrations",
            "not taken back, because what stays depends on them: shop.0001_initial",
        ]

    def test_silent_where_the_main_branch_has_it(self, project: Project) -> None:
        project.migration("shop", "0002_one_way", ONE_WAY)
        project.commit_all()
        project.git("switch", "--quiet", "--create", "feature")
        project.migration("shop", "0003_more", after=(("shop", "0002_one_way"),))
        project.commit_all()
        assert run(project).findings == ()

    def test_silent_for_one_that_says_there_is_nothing_to_undo(self, project: Project) -> None:
        project.migration("shop", "0002_code", f"migrations.RunPython({NOOP}, {NOOP})")
        assert run(project).findings == ()


class TestDAT208:
    """A way back, or forward again, that fails."""

    def test_on_the_way_back(self, project: Project) -> None:
        with_code(project, "raise ValueError('can not')", back="code")
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert result.findings == (
            Finding(
                "DAT208",
                Severity.ERROR,
                "shop.0002_code fails on the way back: ValueError: can not. It says that it can "
                "be reversed, and in need it can't.",
                "Correct the migration, then run: migration-workflow test-migrations-clean",
                app="shop",
                migration="0002_code",
                operation=0,
                path="shop/migrations/0002_code.py",
                line=3,
            ),
        )

    def test_when_it_is_applied_again(self, project: Project) -> None:
        table = 'migrations.RunSQL("CREATE TABLE t (x)", migrations.RunSQL.noop)'
        project.migration("shop", "0002_sql", table)
        (finding,) = run(project).findings
        assert finding.code == "DAT208"
        assert finding.message == (
            "shop.0002_sql fails when it is applied again: OperationalError: table t already "
            "exists. It says that it can be reversed, and in need it can't."
        )

    def test_silent_for_a_reverse_that_undoes_it(self, project: Project) -> None:
        table = 'migrations.RunSQL("CREATE TABLE t (x)", "DROP TABLE t")'
        project.migration("shop", "0002_sql", table)
        assert run(project).findings == ()


class TestDRF105:
    """Another schema after going back and forward."""

    def test_fires(self, project: Project) -> None:
        index = "CREATE INDEX IF NOT EXISTS extra ON shop_product (name)"
        again = "CREATE TABLE IF NOT EXISTS marker (x)"
        head = (
            "def code(apps, schema_editor):\n"
            "    with schema_editor.connection.cursor() as cursor:\n"
            "        tables = schema_editor.connection.introspection.table_names(cursor)\n"
            f"        cursor.execute('{index}' if 'marker' in tables else '{again}')\n"
        )
        project.migration("shop", "0002_code", f"migrations.RunPython(code, {NOOP})", head=head)
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        (finding,) = result.findings
        differences = ["index extra is left over"]
        assert finding._replace(data={}) == Finding(
            "DRF105",
            Severity.ERROR,
            "Going back and forward again leads to another schema: "
            + ", ".join(differences)
            + ". A way back that loses something can't be taken.",
            "Make the reverse of the migrations that touch it complete, or declare them "
            "irreversible by leaving the reverse out.",
        )
        assert finding.data == {"differences": differences}

    def test_silent_for_another_order_of_columns(self, project: Project) -> None:
        for number, name in ((2, "one"), (3, "two")):
            before = "0001_initial" if number == 2 else "0002_one"
            project.migration(
                "shop",
                f"000{number}_{name}",
                f'migrations.AddField("product", "{name}", models.IntegerField(null=True))',
                after=(("shop", before),),
            )
        assert run(project).findings == ()


class TestDRF106:
    """What a branch adds comes to another end on top of what the main branch has."""

    @staticmethod
    def on_a_branch(project: Project, *lines: str) -> None:
        """Add code to an app whose migrations are run before those of another, on a branch."""
        project.commit_all()
        project.git("switch", "--quiet", "--create", "feature")
        with_code(project, *lines)
        project.commit_all()

    def test_fires_for_another_schema(self, project: Project) -> None:
        self.on_a_branch(
            project,
            "tables = schema_editor.connection.introspection.table_names()",
            "if 'stock_place' in tables and 'marker' not in tables:",
            "    schema_editor.execute('CREATE INDEX extra ON stock_place (id)')",
            "schema_editor.execute('CREATE TABLE IF NOT EXISTS marker (x)')",
        )
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        finding = result.findings[-1]
        assert finding.code == "DRF106"
        assert finding.message == (
            "Who has all that the main branch has gets another schema than who begins with an "
            "empty database: index extra is left over."
        )

    def test_fires_where_it_fails(self, project: Project) -> None:
        """Not where it goes back and forward again: there the table is new each time."""
        self.on_a_branch(
            project,
            "tables = schema_editor.connection.introspection.table_names()",
            "if 'stock_place' in tables and 'marker' not in tables:",
            "    raise ValueError('too late')",
            "schema_editor.execute('CREATE TABLE IF NOT EXISTS marker (x)')",
        )
        (finding,) = run(project).findings
        assert (finding.code, finding.app, finding.migration) == ("DRF106", "shop", "0002_code")
        assert finding.message == (
            "shop.0002_code fails on a database that has all that the main branch has: "
            "ValueError: too late. On an empty database, where it comes earlier, it does not."
        )
        assert finding.line == 5

    @pytest.mark.parametrize("line", ["pass", "schema_editor.execute('SELECT 1')"])
    def test_silent_where_the_order_changes_nothing(self, line: str, project: Project) -> None:
        self.on_a_branch(project, line)
        result = run(project)
        assert (result.verdict, result.findings) == (Verdict.PASSED, ())
        forward = [name for way, name in rows(result) if way == "forward"]
        # It is gone on with what was kept before the new one was run.
        assert forward[-2:] == ["stock.0001_initial", "shop.0002_code"]

    def test_the_other_way_is_not_gone_where_it_is_the_same(self, project: Project) -> None:
        project.commit_all()
        project.git("switch", "--quiet", "--create", "feature")
        project.migration("stock", "0002_more", after=(("stock", "0001_initial"),))
        project.commit_all()
        assert len(rows(run(project))) == 3 + 1 + 1


class TestCouldNotCheck:
    def test_a_history_that_does_not_load(self, project: Project) -> None:
        project.migration("shop", "0002_more", head="import no_such_module")
        message = r"^Django can't load the migrations: ModuleNotFoundError: "
        with pytest.raises(CouldNotCheck, match=message):
            run(project)

    def test_what_the_files_show_is_refused(self, project: Project) -> None:
        project.write("shop/migrations/0002_more.py", "def broken(:\n")
        assert run(project).verdict is Verdict.REFUSED
