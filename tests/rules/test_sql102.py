"""SQL102: RunSQL is given a statement with parameters that is no pair of the two."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def sql(arguments: str) -> Tree:
    return {at("shop", "0001_initial"): migration(f"migrations.RunSQL({arguments})")}


def test_says_how_many(findings: Findings) -> None:
    (finding,) = findings("SQL102", sql('[("UPDATE a SET b = %s, c = %s", 1, 2)], ""'))
    assert finding == Finding(
        "SQL102",
        Severity.ERROR,
        "shop.0001_initial gives RunSQL in sql a tuple of 3 where Django takes a pair of statement "
        "and parameters: it fails the moment it runs (ValueError).",
        "Instead: write each entry of sql as a string, or as (statement, [parameters]).\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        operation=0,
        path="shop/migrations/0001_initial.py",
        line=FIRST_OPERATION_LINE,
        data={"parameter": "sql"},
    )


def test_reverse_sql_counts_too(findings: Findings) -> None:
    (finding,) = findings("SQL102", sql('"SELECT 1", [("SELECT 1",)]'))
    assert finding.data == {"parameter": "reverse_sql"}


SILENT: dict[str, Tree] = {
    "it is one string": sql('"SELECT 1", ""'),
    "it is a list of strings": sql('["SELECT 1", "SELECT 2"], ""'),
    "it is a list of pairs": sql('[("SELECT %s", [1]), ("SELECT %s", None)], ""'),
    "an entry is computed": sql('[(settings.SQL, *settings.MORE)], ""'),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("SQL102", tree) == []
