"""SQL101: raw SQL can't be undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def sql(arguments: str) -> Tree:
    return {at("shop", "0001_initial"): migration(f"migrations.RunSQL({arguments})")}


def test_says_where(findings: Findings) -> None:
    (finding,) = findings("SQL101", sql('"CREATE VIEW best AS SELECT 1"'))
    assert finding == Finding(
        "SQL101",
        Severity.WARNING,
        "shop.0001_initial runs SQL without reverse_sql: nobody can migrate shop back past this "
        "point (IrreversibleError).",
        "Instead: give RunSQL a reverse_sql that undoes it, migrations.RunSQL.noop where nothing "
        "needs undoing.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        operation=0,
        path="shop/migrations/0001_initial.py",
        line=FIRST_OPERATION_LINE,
    )


SILENT: dict[str, Tree] = {
    "it has a reverse": sql('"CREATE VIEW best AS SELECT 1", "DROP VIEW best"'),
    "by keyword": sql('sql="CREATE VIEW best AS SELECT 1", reverse_sql="DROP VIEW best"'),
    "nothing needs undoing, and it says so": sql('"SELECT 1", migrations.RunSQL.noop'),
    "it is another class of the same name": {
        at("shop", "0001_initial"): migration(
            'RunSQL("SELECT 1")', head="from shop.operations import RunSQL"
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("SQL101", tree) == []
