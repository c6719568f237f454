"""FLD105: a model or a field is renamed to a name that is taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
PRICES = ('("cost", models.IntegerField())', '("price", models.IntegerField())')
FIRST = {at("shop", "0001_initial"): migration(create("Product", *PRICES), create("Item"))}


def then(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_then"): migration(*operations, after="shop.0001_initial")}


def test_field(findings: Findings) -> None:
    (finding,) = findings("FLD105", then('migrations.RenameField("product", "cost", "price")'))
    assert finding == Finding(
        "FLD105",
        Severity.ERROR,
        "shop.0002_then renames shop.Product.cost to shop.Product.price, which is there already, "
        "from shop.0001_initial: the name is taken by then, and migrating stops on every database.",
        "Instead: remove or rename shop.Product.price before 0002_then, or choose another name.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_then",
        operation=0,
        path="shop/migrations/0002_then.py",
        line=FIRST_OPERATION_LINE,
        data={"old": "shop.Product.cost", "new": "shop.Product.price"},
    )


def test_model(findings: Findings) -> None:
    (finding,) = findings("FLD105", then('migrations.RenameModel("Product", "Item")'))
    assert finding.message.startswith("shop.0002_then renames shop.Product to shop.Item, which ")


SILENT: dict[str, Tree] = {
    "the name is free": then('migrations.RenameField("product", "cost", "charge")'),
    "it was removed before": then(
        'migrations.RemoveField("product", "price")',
        'migrations.RenameField("product", "cost", "price")',
    ),
    "only the case changes": then('migrations.RenameModel("Product", "PRODUCT")'),
    "only the state is told": then(
        "migrations.SeparateDatabaseAndState(state_operations=["
        'migrations.RenameField("product", "cost", "price")])'
    ),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD105", tree) == []
