"""FLD109: two fields of a model share one column."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
USER = '("user_id", models.IntegerField())'
KEY = 'models.ForeignKey("auth.User", models.CASCADE, null=True)'
ADD = f'migrations.AddField("order", "user", {KEY})'


def order(*operations: str, first: str = USER) -> Tree:
    return {at("shop", "0001_initial"): migration(create("Order", first), *operations)}


def test_foreign_key_on_a_plain_column(findings: Findings) -> None:
    (finding,) = findings("FLD109", order(ADD))
    assert finding == Finding(
        "FLD109",
        Severity.ERROR,
        "shop.0001_initial adds shop.Order.user, whose column user_id is the one of "
        "shop.Order.user_id: the column exists by then, and migrating stops on every database.",
        "Instead: give user another name or a `db_column` of its own.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        operation=1,
        path="shop/migrations/0001_initial.py",
        line=FIRST_OPERATION_LINE + 1,
        data={"field": "shop.Order.user", "column": "user_id", "other": "user_id"},
    )


def test_by_db_column(findings: Findings) -> None:
    add = 'migrations.AddField("order", "a", models.IntegerField(null=True, db_column="user_id"))'
    assert len(findings("FLD109", order(add))) == 1


SILENT: dict[str, Tree] = {
    "the plain one has another column": order(
        ADD, first='("user_id", models.IntegerField(db_column="uid"))'
    ),
    "the plain one was removed before": order('migrations.RemoveField("order", "user_id")', ADD),
    "many-to-many fields have no column": order(
        'migrations.AddField("order", "user", models.ManyToManyField("auth.User"))'
    ),
    "only the state is told": order(
        f"migrations.SeparateDatabaseAndState(state_operations=[{ADD}])"
    ),
    "a field of another class may have another column": order(
        'migrations.AddField("order", "user", Owner(null=True))'
    ),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD109", tree) == []
