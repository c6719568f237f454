"""GRF106: the names of two migrations differ in upper and lower case only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def test_names_both(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_Price"): migration(after="shop.0001_initial"),
        at("shop", "0002_price"): migration(after="shop.0002_Price"),
    }
    (finding,) = findings("GRF106", tree)
    assert finding == Finding(
        "GRF106",
        Severity.WARNING,
        "shop.0002_Price and shop.0002_price differ in case only: a checkout on macOS or Windows "
        "holds just one of the two files.",
        "Instead: rename the one of the two that nobody has applied yet, 0002_price for example.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_price",
        path="shop/migrations/0002_price.py",
        line=1,
        data={"names": ["0002_Price", "0002_price"]},
    )


SILENT: dict[str, Tree] = {
    "they are in two apps": {
        at("shop", "0001_initial"): migration(),
        at("orders", "0001_Initial"): migration(),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF106", tree) == []
