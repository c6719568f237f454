"""GRF107: two migrations of one app have the same number."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def test_names_them(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_price"): migration(after="shop.0001_initial"),
        at("shop", "0002_weight"): migration(after="shop.0002_price"),
    }
    (finding,) = findings("GRF107", tree)
    assert finding == Finding(
        "GRF107",
        Severity.INFO,
        "shop has 2 migrations numbered 0002, 0002_price and 0002_weight, of which one waits for "
        "another: the names don't show the order, and `migrate shop 0002` is ambiguous.",
        "Instead: give 0002_weight the next free number where nobody has applied it yet.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_weight",
        path="shop/migrations/0002_weight.py",
        line=1,
        data={"names": ["0002_price", "0002_weight"]},
    )


SILENT: dict[str, Tree] = {
    "each is on its own branch, and a merge joins them": {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_price"): migration(after="shop.0001_initial"),
        at("shop", "0002_weight"): migration(after="shop.0001_initial"),
        at("shop", "0003_merge"): migration(after=("shop.0002_price", "shop.0002_weight")),
    },
    "they are in two apps": {
        at("shop", "0001_initial"): migration(),
        at("orders", "0001_initial"): migration(),
    },
    "one is a squash of the other": {
        at("shop", "0001_initial"): migration(),
        at("shop", "0001_squashed"): migration(body='replaces = [("shop", "0001_initial")]'),
    },
    "they have no numbers": {
        at("shop", "initial"): migration(),
        at("shop", "initial_data"): migration(after="shop.initial"),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF107", tree) == []
