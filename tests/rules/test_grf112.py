"""GRF112: a field points to a model of another app that this migration does not wait for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
SHOP = {at("shop", "0001_initial"): migration(create("Product"))}
POINT = 'migrations.AddField("line", "product", models.ForeignKey("shop.Product", models.CASCADE))'
"""Apps are run in order of their labels where nothing else says so: shop before zoo."""
ZOO = {at("zoo", "0001_initial"): migration(create("Line"))}


def test_names_the_missing_dependency(findings: Findings) -> None:
    tree = {**SHOP, **ZOO, at("zoo", "0002_line"): migration(POINT, after="zoo.0001_initial")}
    (finding,) = findings("GRF112", tree)
    assert finding == Finding(
        "GRF112",
        Severity.WARNING,
        "zoo.0002_line points from product to shop.Product, which shop.0001_initial creates, but "
        "does not wait for it: `migrate zoo` alone, or another order of apps, stops with "
        '"Related model cannot be resolved".',
        "Instead: add ('shop', '0001_initial') to the dependencies of zoo.0002_line.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="zoo",
        migration="0002_line",
        operation=0,
        path="zoo/migrations/0002_line.py",
        line=FIRST_OPERATION_LINE,
        data={
            "field": "product",
            "model": "shop.Product",
            "missing": ["shop", "0001_initial"],
        },
    )


def test_a_through_model_counts_too(findings: Findings) -> None:
    many = 'models.ManyToManyField("self", through="shop.Product")'
    line = migration(f'migrations.AddField("line", "all", {many})', after="zoo.0001_initial")
    assert len(findings("GRF112", {**SHOP, **ZOO, at("zoo", "0002_line"): line})) == 1


SILENT: dict[str, Tree] = {
    "it waits for it": {
        **SHOP,
        **ZOO,
        at("zoo", "0002_line"): migration(POINT, after=("zoo.0001_initial", "shop.0001_initial")),
    },
    "it waits for it by way of another": {
        **SHOP,
        at("zoo", "0001_initial"): migration(create("Line"), after="shop.0001_initial"),
        at("zoo", "0002_line"): migration(POINT, after="zoo.0001_initial"),
    },
    "the other app is from elsewhere": {
        **ZOO,
        at("zoo", "0002_line"): migration(POINT, after="zoo.0001_initial"),
    },
    "a swappable dependency may lead there": {
        **SHOP,
        **ZOO,
        at("zoo", "0002_line"): migration(
            POINT,
            body="dependencies = [('zoo', '0001_initial'), "
            "migrations.swappable_dependency(settings.SHOP_PRODUCT)]",
        ),
    },
    "the target is a setting": {
        **SHOP,
        **ZOO,
        at("zoo", "0002_line"): migration(
            POINT.replace('"shop.Product"', "settings.SHOP_PRODUCT"), after="zoo.0001_initial"
        ),
    },
    "it points to its own app": {
        at("zoo", "0001_initial"): migration(create("Product"), create("Line")),
        at("zoo", "0002_line"): migration(
            POINT.replace("shop.Product", "zoo.Product"), after="zoo.0001_initial"
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF112", tree) == []
