"""GRF109: of what a squash replaces, a part is gone and a part is still there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
REPLACES = 'replaces = [("shop", "0001_initial"), ("shop", "0002_price"), ("shop", "0003_sku")]'
SQUASH = {at("shop", "0001_squashed_0003"): migration(body=REPLACES)}


def test_says_what_is_gone(findings: Findings) -> None:
    (finding,) = findings("GRF109", {**SQUASH, at("shop", "0001_initial"): migration()})
    assert finding == Finding(
        "GRF109",
        Severity.WARNING,
        "shop.0001_squashed_0003 replaces 3 migrations, of which 2 are gone and 1 is still there: "
        "a database that has applied only some of them can neither finish them nor switch to the "
        "squash.",
        "Instead: delete shop.0001_initial too once every database has applied them, or restore "
        "shop.0002_price and shop.0003_sku.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_squashed_0003",
        path="shop/migrations/0001_squashed_0003.py",
        line=DEPENDENCIES_LINE + 1,
        data={"here": ["shop.0001_initial"], "gone": ["shop.0002_price", "shop.0003_sku"]},
    )


SILENT: dict[str, Tree] = {
    "all are gone": SQUASH,
    "all are there": {
        **SQUASH,
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_price"): migration(after="shop.0001_initial"),
        at("shop", "0003_sku"): migration(after="shop.0002_price"),
    },
    "one that is gone belongs to an app from elsewhere": {
        at("shop", "0001_initial"): migration(),
        at("shop", "0001_squashed"): migration(
            body='replaces = [("shop", "0001_initial"), ("taggit", "0001_initial")]'
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF109", tree) == []
