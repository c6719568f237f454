"""FLD112: two models have an index or a constraint of the same name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def indexed(model: str, name: str = "created_idx") -> str:
    return f'migrations.AddIndex("{model}", models.Index(fields=["id"], name="{name}"))'


FIRST = {
    at("shop", "0001_initial"): migration(create("Product"), create("Order"), indexed("product"))
}


def then(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_then"): migration(*operations, after="shop.0001_initial")}


def test_names_both_models(findings: Findings) -> None:
    (finding,) = findings("FLD112", then(indexed("order")))
    assert finding == Finding(
        "FLD112",
        Severity.ERROR,
        "shop.Order and shop.Product share the index name created_idx: Django refuses such "
        "models, and PostgreSQL and SQLite stop because the name is taken.",
        "Instead: give the index of shop.Order a name of its own.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_then",
        operation=0,
        path="shop/migrations/0002_then.py",
        line=FIRST_OPERATION_LINE,
        data={"name": "created_idx", "models": ["shop.Product", "shop.Order"]},
    )


def test_in_two_apps_it_is_less_sure(findings: Findings) -> None:
    tree = {**FIRST, at("zoo", "0001_initial"): migration(create("Animal"), indexed("animal"))}
    (finding,) = findings("FLD112", tree)
    assert (finding.severity, finding.app) == (Severity.WARNING, "zoo")


SILENT: dict[str, Tree] = {
    "they have two names": then(indexed("order", "order_idx")),
    "the first was removed before": then(
        'migrations.RemoveIndex("product", "created_idx")', indexed("order")
    ),
    "the first model was deleted": then('migrations.DeleteModel("Product")', indexed("order")),
    "Django keeps no table for one": {
        at("shop", "0001_initial"): migration(
            create("Product"),
            create("Order", options='{"managed": False}'),
            indexed("product"),
            indexed("order"),
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD112", tree) == []
