"""SQL103: something runs CONCURRENTLY inside the transaction of its migration."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
SQL = 'migrations.RunSQL("CREATE INDEX CONCURRENTLY a ON b (c)", "DROP INDEX a")'


def tree(operation: str, body: str = "", head: str = "") -> Tree:
    return {at("shop", "0001_initial"): migration(operation, body=body, head=head)}


def test_raw_sql(findings: Findings) -> None:
    (finding,) = findings("SQL103", tree(SQL))
    assert finding == Finding(
        "SQL103",
        Severity.ERROR,
        "shop.0001_initial runs RunSQL CONCURRENTLY inside its transaction: PostgreSQL refuses "
        "that, always.",
        "Instead: say atomic = False in 0001_initial, and leave nothing else in it that needs a "
        "transaction.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        operation=0,
        path="shop/migrations/0001_initial.py",
        line=FIRST_OPERATION_LINE,
    )


@pytest.mark.parametrize(
    "operation",
    [
        'migrations.RunSQL(["SELECT 1", "drop index  concurrently a"], "")',
        'migrations.RunSQL([("CREATE UNIQUE INDEX CONCURRENTLY a ON b (c)", None)], "")',
    ],
)
def test_one_statement_of_several(operation: str, findings: Findings) -> None:
    assert len(findings("SQL103", tree(operation))) == 1


def test_operation_of_django(findings: Findings) -> None:
    text = migration(
        create("Product"),
        'AddIndexConcurrently("product", models.Index(fields=["id"], name="product_id"))',
        head="from django.contrib.postgres.operations import AddIndexConcurrently",
    )
    (finding,) = findings("SQL103", {at("shop", "0001_initial"): text})
    assert (finding.operation, finding.line) == (1, FIRST_OPERATION_LINE + 2)


def test_silent_because_another_engine_never_sees_it(findings: Findings) -> None:
    assert findings("SQL103", tree(SQL), vendor="sqlite") == []


SILENT: dict[str, Tree] = {
    "it runs without a transaction": tree(SQL, body="atomic = False"),
    "it is not concurrent": tree('migrations.RunSQL("CREATE INDEX a ON b (c)", "DROP INDEX a")'),
    "the word is in a comment only": tree(
        'migrations.RunSQL("CREATE INDEX a ON b (c) -- not CONCURRENTLY", "DROP INDEX a")'
    ),
    "whether it is atomic is computed": tree(SQL, body="atomic = settings.ATOMIC"),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("SQL103", tree) == []
