"""DAT106: the newest migration of an app has a name that tells only the time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def test_the_leaf_node_is_named(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_auto_20240301_1412"): migration(after="shop.0001_initial"),
    }
    (finding,) = findings("DAT106", tree)
    assert finding == Finding(
        "DAT106",
        Severity.INFO,
        "shop.0002_auto_20240301_1412 is named after the minute it was made in: nobody sees from "
        "the list of migrations what it does.",
        "Instead: rename the file after what it does where nobody has applied it yet, and name the "
        "next one.\n"
        "Next: migration-workflow makemigrations --name WHAT_IT_DOES shop",
        app="shop",
        migration="0002_auto_20240301_1412",
        path="shop/migrations/0002_auto_20240301_1412.py",
        line=1,
    )


SILENT: dict[str, Tree] = {
    "it is not the newest, and can't be renamed any more": {
        at("shop", "0001_auto_20240301_1412"): migration(),
        at("shop", "0002_price"): migration(after="shop.0001_auto_20240301_1412"),
    },
    "it tells what it does": {at("shop", "0001_auto_renewal"): migration()},
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("DAT106", tree) == []
