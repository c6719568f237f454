"""GRF103: an app has several leaf nodes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
TWO = {
    at("shop", "0001_initial"): migration(),
    at("shop", "0002_price"): migration(after="shop.0001_initial"),
    at("shop", "0002_weight"): migration(after="shop.0001_initial"),
}


def test_names_the_leaf_nodes(findings: Findings) -> None:
    (finding,) = findings("GRF103", TWO)
    assert finding == Finding(
        "GRF103",
        Severity.ERROR,
        "shop has 2 leaf nodes, 0002_price and 0002_weight: Django refuses to migrate and to make "
        "migrations until they are one.",
        "Instead: join them with a merge migration, or let 0002_weight depend on 0002_price where "
        "nobody has applied it yet.\n"
        "Next: migration-workflow makemigrations --merge shop",
        app="shop",
        migration="0002_weight",
        path="shop/migrations/0002_weight.py",
        line=DEPENDENCIES_LINE,
        data={
            "leaves": ["0002_price", "0002_weight"],
            "paths": ["shop/migrations/0002_price.py", "shop/migrations/0002_weight.py"],
        },
    )


SILENT: dict[str, Tree] = {
    "a merge joins them": {
        **TWO,
        at("shop", "0003_merge"): migration(after=("shop.0002_price", "shop.0002_weight")),
    },
    "one of them is replaced by a squash": {
        at("shop", "0001_initial"): migration(),
        at("shop", "0001_squashed_0002"): migration(
            body='replaces = [("shop", "0001_initial"), ("shop", "0002_price")]'
        ),
        at("shop", "0002_price"): migration(after="shop.0001_initial"),
    },
    "another app's migration is no leaf of this one": {
        at("shop", "0001_initial"): migration(),
        at("orders", "0001_initial"): migration(after="shop.0001_initial"),
    },
    "dependencies are computed": {
        **TWO,
        at("shop", "0003_merge"): migration(
            head="from shop.names import leaves", body="dependencies = leaves()"
        ),
    },
    "a file can't be read, which may join them": {
        **TWO,
        at("shop", "0003_merge"): "class Migration(:\n",
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF103", tree) == []
