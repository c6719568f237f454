"""FLD114: a model is deleted while a field still points to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
CATEGORY = '("category", models.ForeignKey("shop.Category", models.CASCADE))'
FIRST = {at("shop", "0001_initial"): migration(create("Category"), create("Product", CATEGORY))}


def then(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_then"): migration(*operations, after="shop.0001_initial")}


def test_names_the_field(findings: Findings) -> None:
    (finding,) = findings("FLD114", then('migrations.DeleteModel("Category")'))
    assert finding == Finding(
        "FLD114",
        Severity.ERROR,
        "shop.0002_then deletes shop.category, but shop.Product.category still points to it: "
        "Django can't build the models after this, and the next migration stops.",
        "Instead: remove or alter shop.Product.category before the model is deleted.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_then",
        operation=0,
        path="shop/migrations/0002_then.py",
        line=FIRST_OPERATION_LINE,
        data={"field": "shop.Product.category", "model": "shop.category"},
    )


SILENT: dict[str, Tree] = {
    "the field was removed before": then(
        'migrations.RemoveField("product", "category")', 'migrations.DeleteModel("Category")'
    ),
    "both models are deleted": then(
        'migrations.DeleteModel("Category")', 'migrations.DeleteModel("Product")'
    ),
    "the model is renamed, and the field follows": then(
        'migrations.RenameModel("Category", "Group")'
    ),
    "only Django knows what an operation after it did": {
        **FIRST,
        at("shop", "0002_then"): migration(
            'migrations.DeleteModel("Category")',
            "MoveFields()",
            after="shop.0001_initial",
            head="from elsewhere import MoveFields",
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD114", tree) == []
