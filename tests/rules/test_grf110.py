"""GRF110: a migration refers to one that lives on only in a squash."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
SQUASH = {
    at("shop", "0001_squashed"): migration(
        body='replaces = [("shop", "0001_initial"), ("shop", "0002_price")]'
    ),
}


def test_names_the_squash(findings: Findings) -> None:
    tree = {**SQUASH, at("orders", "0001_initial"): migration(after="shop.0002_price")}
    (finding,) = findings("GRF110", tree)
    assert finding == Finding(
        "GRF110",
        Severity.INFO,
        "orders.0001_initial names shop.0002_price, which lives on only in the `replaces` of "
        "shop.0001_squashed: the day `replaces` is taken out, this reference breaks.",
        "Instead: name shop.0001_squashed, which stands for it.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="orders",
        migration="0001_initial",
        path="orders/migrations/0001_initial.py",
        line=DEPENDENCIES_LINE,
        data={"names": ["shop", "0002_price"], "squash": ["shop", "0001_squashed"]},
    )


SILENT: dict[str, Tree] = {
    "the original is still there": {
        **SQUASH,
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_price"): migration(after="shop.0001_initial"),
        at("orders", "0001_initial"): migration(after="shop.0002_price"),
    },
    "it names the squash": {
        **SQUASH,
        at("orders", "0001_initial"): migration(after="shop.0001_squashed"),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF110", tree) == []
