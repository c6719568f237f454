"""GRF102: migrations wait for one another in a circle."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def test_shows_the_circle_between_two_apps(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_order"): migration(after=("shop.0001_initial", "orders.0002_invoice")),
        at("orders", "0001_initial"): migration(),
        at("orders", "0002_invoice"): migration(after=("orders.0001_initial", "shop.0002_order")),
    }
    (finding,) = findings("GRF102", tree)
    assert finding == Finding(
        "GRF102",
        Severity.ERROR,
        "orders.0002_invoice waits for itself: orders.0002_invoice → shop.0002_order → "
        "orders.0002_invoice. No order satisfies this, so Django refuses to run any migration "
        "(CircularDependencyError).",
        "Instead: take out one of these references, probably the one from orders.0002_invoice to "
        "shop.0002_order.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="orders",
        migration="0002_invoice",
        path="orders/migrations/0002_invoice.py",
        line=DEPENDENCIES_LINE,
        data={
            "cycle": [["orders", "0002_invoice"], ["shop", "0002_order"]],
            "places": [
                {"path": "orders/migrations/0002_invoice.py", "line": DEPENDENCIES_LINE},
                {"path": "shop/migrations/0002_order.py", "line": DEPENDENCIES_LINE},
            ],
        },
    )


def test_points_to_the_older_one_that_waits_for_a_newer(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_a"): migration(after=("shop.0001_initial", "shop.0004_c")),
        at("shop", "0003_b"): migration(after="shop.0002_a"),
        at("shop", "0004_c"): migration(after="shop.0003_b"),
    }
    (finding,) = findings("GRF102", tree)
    assert (finding.path, finding.line) == ("shop/migrations/0002_a.py", DEPENDENCIES_LINE)
    assert finding.data["cycle"] == [["shop", "0002_a"], ["shop", "0004_c"], ["shop", "0003_b"]]


def test_finds_the_line_of_run_before(findings: Findings) -> None:
    body = 'run_before = [("shop", "0001_initial")]'
    tree = {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_price"): migration(after="shop.0001_initial", body=body),
    }
    (finding,) = findings("GRF102", tree)
    assert (finding.path, finding.line) == ("shop/migrations/0002_price.py", DEPENDENCIES_LINE + 1)


SILENT: dict[str, Tree] = {
    "two apps depend on each other without a circle": {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_order"): migration(after=("shop.0001_initial", "orders.0001_initial")),
        at("orders", "0001_initial"): migration(after="shop.0001_initial"),
    },
    "a migration that names itself is another rule's": {
        at("shop", "0001_initial"): migration(after="shop.0001_initial"),
    },
    "one side stands under a condition": {
        at("shop", "0001_initial"): migration(
            body='if settings.EXTRA:\n    dependencies.append(("shop", "0002_price"))'
        ),
        at("shop", "0002_price"): migration(after="shop.0001_initial"),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF102", tree) == []
