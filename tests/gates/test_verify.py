"""The migrated database is read afresh, and is what the rehearsal promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workflow.actions import apply
from workflow.gates import rehearsal, verify
from workflow.outcome import Finding, Severity, StepResult, Verdict

if TYPE_CHECKING:
    from tests.two_apps import Project
    from workflow.context import Context

COLUMN = 'migrations.AddField("product", "price", models.IntegerField(null=True))'


@pytest.fixture
def applied(project: Project) -> Context:
    """A project whose pending migration was rehearsed and applied."""
    project.migration("shop", "0002_price", COLUMN)
    context = project.context()
    assert rehearsal.run(context).verdict is Verdict.PASSED
    assert apply.run(context).verdict is Verdict.PASSED
    return context


def finding(part: str) -> Finding:
    return Finding(
        "DAT205",
        Severity.ERROR,
        f"The {part} of the database is not what was rehearsed. Somebody else changed it right "
        "after it was migrated.",
        "Find out who; then run: migration-workflow check-migrations",
    )


def test_what_was_rehearsed_is_there(applied: Context) -> None:
    assert verify.run(applied) == StepResult("verify", Verdict.PASSED)


def test_skipped_when_nothing_was_applied(project: Project) -> None:
    result = verify.run(project.context())
    assert (result.verdict, result.reason) == (Verdict.SKIPPED, "nothing was applied")


def test_skipped_in_a_dry_run(project: Project) -> None:
    project.migration("shop", "0002_price", COLUMN)
    context = project.context(dry_run=True)
    rehearsal.run(context)
    result = verify.run(context)
    assert (result.verdict, result.reason) == (Verdict.SKIPPED, "dry run")


class TestDAT205:
    def test_another_schema(self, project: Project, applied: Context) -> None:
        project.query("CREATE TABLE surprise (x)")
        result = verify.run(applied)
        assert result.verdict is Verdict.REFUSED
        assert result.findings == (finding("schema"),)

    def test_another_history(self, project: Project, applied: Context) -> None:
        project.query("DELETE FROM django_migrations WHERE name = '0002_price'")
        assert verify.run(applied).findings == (finding("history"),)

    def test_both(self, project: Project, applied: Context) -> None:
        project.query("DELETE FROM django_migrations")
        project.query("DROP TABLE stock_place")
        assert verify.run(applied).findings == (finding("schema"), finding("history"))

    def test_silent_for_rows_that_came_in_since(self, project: Project, applied: Context) -> None:
        project.query("INSERT INTO shop_product (name) VALUES ('bread')")
        assert verify.run(applied).findings == ()
