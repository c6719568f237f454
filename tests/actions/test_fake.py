"""A migration that is recorded and not run: only with a reason, and with what differs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from workflow.actions import fake
from workflow.door import _words
from workflow.errors import CouldNotCheck, UsageError
from workflow.gates import turn
from workflow.outcome import Finding, Severity, StepResult, Verdict

if TYPE_CHECKING:
    from tests.two_apps import Project

COLUMN = 'migrations.AddField("product", "price", models.IntegerField(null=True))'
SQL = 'migrations.RunSQL("SELECT 1", "")'
CODE = "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)"
WITHIN = "migrations.SeparateDatabaseAndState([{}])"
BY_HAND = "ALTER TABLE shop_product ADD COLUMN price integer NULL"
NAME = "shop.0002_price"
REASON = "done by hand"


@pytest.fixture
def pending(project: Project) -> Project:
    project.migration("shop", "0002_price", COLUMN)
    return project


def run(project: Project, name: str = NAME, **how: Any) -> StepResult:
    context = project.context(fake=name, reason=REASON, **how)
    assert turn.run(context).verdict is Verdict.PASSED
    return fake.run(context)


def is_recorded(project: Project) -> bool:
    names = project.query("SELECT name FROM django_migrations WHERE app = 'shop'")
    return ("0002_price",) in names


def columns(project: Project) -> list[str]:
    return [row[1] for row in project.query("PRAGMA table_info(shop_product)")]


class TestDAT215:
    def test_what_is_there_already(self, pending: Project) -> None:
        pending.query(BY_HAND)
        result = run(pending)
        assert (result.verdict, is_recorded(pending)) == (Verdict.PASSED, True)
        assert result.findings == (
            Finding(
                "DAT215",
                Severity.INFO,
                "shop.0002_price was recorded as applied, and not run (database 'default'). The "
                "reason: done by hand.",
                app="shop",
                migration="0002_price",
                data={"reason": REASON, "differences": []},
            ),
        )

    def test_what_is_not_there_is_named(self, pending: Project) -> None:
        result = run(pending)
        (finding,) = result.findings
        assert (result.verdict, finding.severity) == (Verdict.PASSED, Severity.WARNING)
        assert "what it makes: shop_product.price is missing (integer, null)." in finding.message
        assert finding.fix == (
            "Make the schema what the migration makes, by hand: now that it is recorded, nothing "
            "compares the two again. Or take the record back, 'manage.py migrate --fake shop "
            "0001_initial', and run it: migration-workflow migrate-safe"
        )
        assert is_recorded(pending)
        assert "price" not in columns(pending)

    def test_a_strict_run_records_nothing_then(self, pending: Project) -> None:
        result = run(pending, strict=True)
        assert (result.verdict, is_recorded(pending)) == (Verdict.REFUSED, False)
        (finding,) = result.findings
        assert "shop.0002_price was not recorded" in finding.message
        assert finding.fix == (
            "Make the schema what the migration makes, by hand, and record it then. Or run it: "
            "migration-workflow migrate-safe"
        )

    def test_what_is_there_in_another_form_is_named(self, pending: Project) -> None:
        pending.query("ALTER TABLE shop_product ADD COLUMN price varchar(9) NOT NULL DEFAULT ''")
        pending.query("ALTER TABLE shop_product ADD COLUMN cost integer NULL")
        (finding,) = run(pending).findings
        assert finding.data["differences"] == [
            "shop_product.cost is left over (integer, null)",
            "shop_product.price is (varchar(9), not null default=''), not (integer, null)",
        ]

    def test_the_record_is_taken_back_on_the_database_that_has_it(self, pending: Project) -> None:
        pending.add_setting('DATABASES["till"] = {**DATABASES["default"]}\n')
        (finding,) = run(pending, database="till").findings
        assert "'manage.py migrate --fake shop 0001_initial --database till'" in str(finding.fix)

    def test_the_record_of_the_first_migration(self, project: Project) -> None:
        project.query("DROP TABLE stock_place")
        project.query("DELETE FROM django_migrations WHERE app = 'stock'")
        (finding,) = run(project, "stock.0001_initial").findings
        assert "'manage.py migrate --fake stock zero'" in str(finding.fix)

    def test_what_comes_before_has_to_be_applied(self, pending: Project) -> None:
        pending.migration("shop", "0003_more", after=(("shop", "0002_price"),))
        result = run(pending, "shop.0003_more")
        (finding,) = result.findings
        assert (result.verdict, finding.severity) == (Verdict.REFUSED, Severity.ERROR)
        assert "before what it comes after: shop.0002_price. Nothing" in finding.message
        assert finding.fix == f"Apply that first: migration-workflow migrate-safe --to {NAME}"

    @pytest.mark.parametrize("code", [SQL, WITHIN.format(SQL), WITHIN.format(WITHIN.format(CODE))])
    def test_that_rows_are_not_compared(self, project: Project, code: str) -> None:
        project.migration("shop", "0002_price", code)
        (finding,) = run(project).findings
        assert finding.severity is Severity.INFO
        assert "what that would have done to rows was not compared" in finding.message

    def test_silent_about_rows_where_what_is_within_has_no_code(self, pending: Project) -> None:
        pending.migration("shop", "0002_price", WITHIN.format(COLUMN))
        pending.query(BY_HAND)
        (finding,) = run(pending).findings
        assert "rows" not in finding.message


def test_the_reason_is_in_the_journal(pending: Project) -> None:
    run(pending)
    lines = (pending.folder / ".workflow/journal.jsonl").read_text().splitlines()
    begin, end = map(json.loads, lines)
    assert (begin["event"], begin["faked"]) == ("begin", REASON)
    assert begin["user"]
    assert begin["database"]["name"] == str(pending.database)
    assert [row["migration"] for row in end["applied"]] == ["0002_price"]


def test_without_a_journal_nothing_is_recorded(pending: Project) -> None:
    (pending.folder / ".workflow/journal.jsonl").mkdir(parents=True)
    with pytest.raises(CouldNotCheck, match=r"can't be written: Is a directory. Without the rea"):
        run(pending)
    assert not is_recorded(pending)


def test_skipped_where_it_is_recorded(pending: Project) -> None:
    result = run(pending, "shop.0001_initial")
    assert (result.verdict, result.reason) == (
        Verdict.SKIPPED,
        "shop.0001_initial is recorded already",
    )


def test_the_plan(pending: Project) -> None:
    context = pending.context(fake=NAME, reason=REASON)
    assert fake.plan(context) == f"would record {NAME} as applied to 'default', without running it"


def test_one_that_there_is_not(pending: Project) -> None:
    with pytest.raises(UsageError, match=r"^there is no migration shop.0009$"):
        run(pending, "shop.0009")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"fake": NAME}, f'takes a reason, .* --fake {NAME} --reason "…"'),
        ({"fake": NAME, "reason": "  "}, "takes a reason"),
        ({"reason": REASON}, "^--reason belongs to --fake APP.NAME$"),
        ({"fake": "shop", "reason": REASON}, "^--fake takes APP.NAME, not 'shop'$"),
        ({"fake": NAME, "reason": REASON, "to": NAME}, "goes with neither --to nor --plan"),
    ],
)
def test_the_words(values: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        _words(values)
