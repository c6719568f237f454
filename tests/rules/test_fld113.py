"""FLD113: a field points to a model that is not there at this point."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration(create("Product"), create("Line"))}


def point(target: str) -> str:
    key = f'models.ForeignKey("{target}", models.CASCADE, null=True)'
    return f'migrations.AddField("line", "product", {key})'


def then(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_then"): migration(*operations, after="shop.0001_initial")}


def test_names_the_nearest(findings: Findings) -> None:
    (finding,) = findings("FLD113", then(point("shop.Produkt")))
    assert finding == Finding(
        "FLD113",
        Severity.ERROR,
        "shop.0002_then points from product to shop.produkt, but no such model is there at this "
        'point: migrating stops on every database ("Related model cannot be resolved").',
        "Instead: name shop.product, the nearest model at this point.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_then",
        operation=0,
        path="shop/migrations/0002_then.py",
        line=FIRST_OPERATION_LINE,
        data={"field": "product", "model": "shop.produkt", "missing": None},
    )


def test_names_the_migration_that_makes_it(findings: Findings) -> None:
    tree = {
        at("basket", "0001_initial"): migration(create("Line"), point("shop.Product")),
        at("shop", "0001_initial"): migration(create("Product")),
    }
    (finding,) = findings("FLD113", tree)
    assert finding.fix == (
        "Instead: add ('shop', '0001_initial'), which creates it, to the dependencies.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


def test_made_later_in_the_same_migration(findings: Findings) -> None:
    (finding,) = findings("FLD113", then(point("shop.Shelf"), create("Shelf")))
    assert finding.fix == (
        "Instead: create shelf before, or add product after it.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


SILENT: dict[str, Tree] = {
    "it is there": then(point("shop.Product")),
    "it is made before in the same migration": then(create("Shelf"), point("shop.Shelf")),
    "it points to its own model": then(
        create("Tree", '("parent", models.ForeignKey("self", models.CASCADE))'),
        create("Tree2", '("parent", models.ForeignKey("shop.Tree2", models.CASCADE))'),
    ),
    "its app is from elsewhere": then(point("auth.User")),
    "it was renamed to this name": then(
        'migrations.RenameModel("Product", "Item")', point("shop.Item")
    ),
    "only the state is told": then(
        f"migrations.SeparateDatabaseAndState(state_operations=[{point('shop.Later')}])"
    ),
    "what is waited for is not fully known, and may bring it along": {
        at("basket", "0001_initial"): migration(
            create("Line"), point("shop.Product"), body="dependencies = [*settings.MORE]"
        ),
        at("shop", "0001_initial"): migration(create("Product")),
    },
    "a swappable dependency may bring it along": {
        at("basket", "0001_initial"): migration(
            create("Line"),
            point("shop.Product"),
            body="dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]",
        ),
        at("shop", "0001_initial"): migration(create("Product")),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD113", tree) == []
