"""FLD102: a model is created that exists already."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration(create("Product"))}


def again(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_again"): migration(*operations, after="shop.0001_initial")}


def test_names_both_places(findings: Findings) -> None:
    (finding,) = findings("FLD102", again(create("Product")))
    assert finding == Finding(
        "FLD102",
        Severity.ERROR,
        "shop.0002_again creates shop.Product, which shop.0001_initial has created already: the "
        "table exists by then, and migrating stops on every database.",
        "Instead: take CreateModel('Product') out of 0002_again, or choose another name.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_again",
        operation=0,
        path="shop/migrations/0002_again.py",
        line=FIRST_OPERATION_LINE,
        data={
            "model": "shop.Product",
            "first": {
                "migration": ["shop", "0001_initial"],
                "path": "shop/migrations/0001_initial.py",
                "line": FIRST_OPERATION_LINE,
            },
        },
    )


SILENT: dict[str, Tree] = {
    "it was deleted in between": again('migrations.DeleteModel("Product")', create("Product")),
    "it was renamed in between": again(
        'migrations.RenameModel("Product", "Item")', create("Product")
    ),
    "only the state is told": again(
        f"migrations.SeparateDatabaseAndState(state_operations=[{create('Product')}])"
    ),
    "Django keeps no table for it": again(create("Product", options='{"managed": False}')),
    "it is another app's": {**FIRST, at("orders", "0001_initial"): migration(create("Product"))},
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD102", tree) == []
