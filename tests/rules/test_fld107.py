"""FLD107: a constraint is added that exists, or removed though it is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
UNIQUE = 'models.UniqueConstraint(fields=["sku"], name="sku_idx")'
ADD = f'migrations.AddConstraint("product", {UNIQUE})'
FIRST = {
    at("shop", "0001_initial"): migration(
        create("Product", '("sku", models.TextField())'),
        ADD,
    ),
}


def then(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_then"): migration(*operations, after="shop.0001_initial")}


def test_added_twice(findings: Findings) -> None:
    (finding,) = findings("FLD107", then(ADD))
    assert finding == Finding(
        "FLD107",
        Severity.ERROR,
        "shop.0002_then adds the constraint sku_idx to shop.Product, which shop.0001_initial has "
        "added already: the name is taken by then, and migrating stops.",
        "Instead: take AddConstraint out of 0002_then, or name it otherwise.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_then",
        operation=0,
        path="shop/migrations/0002_then.py",
        line=FIRST_OPERATION_LINE,
        data={"model": "shop.Product", "name": "sku_idx"},
    )


def test_removed_though_not_there(findings: Findings) -> None:
    (finding,) = findings("FLD107", then('migrations.RemoveConstraint("product", "sku_ix")'))
    assert finding.message == (
        "shop.0002_then runs RemoveConstraint on the constraint sku_ix of shop.Product, but no "
        "such name is there at this point: migrating stops (ValueError)."
    )
    assert finding.fix == (
        "Instead: name sku_idx, the nearest at this point, or add sku_ix before.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


def test_removed_though_nothing_is_near(findings: Findings) -> None:
    (finding,) = findings("FLD107", then('migrations.RemoveConstraint("product", "zebra")'))
    assert finding.fix == (
        "Instead: add zebra before 0002_then, or take the operation out.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


SILENT: dict[str, Tree] = {
    "it is there": then('migrations.RemoveConstraint("product", "sku_idx")'),
    "it is removed, then added again": then(
        'migrations.RemoveConstraint("product", "sku_idx")',
        ADD,
    ),
    "only the state is told": then(
        f"migrations.SeparateDatabaseAndState(state_operations=[{ADD}])"
    ),
    "it is made with the model": {
        at("shop", "0001_initial"): migration(
            create(
                "Product",
                '("sku", models.TextField())',
                options='{"constraints": [models.UniqueConstraint(fields=["sku"], name="a")]}',
            ),
            'migrations.RemoveConstraint("product", "a")',
        ),
    },
    "the name is computed": then(
        ADD.replace('"sku_idx"', "settings.NAME"),
        'migrations.RemoveConstraint("product", "other")',
    ),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD107", tree) == []
