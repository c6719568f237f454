"""GRF105: a migration depends on itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration()}


def test_dependencies(findings: Findings) -> None:
    own = migration(after=("shop.0001_initial", "shop.0002_price"))
    (finding,) = findings("GRF105", {**FIRST, at("shop", "0002_price"): own})
    assert finding == Finding(
        "GRF105",
        Severity.ERROR,
        "shop.0002_price names itself in `dependencies`: it can never run, and Django refuses to "
        "run any migration (CircularDependencyError).",
        "Instead: name the migration of shop that comes before, or take it out.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_price",
        path="shop/migrations/0002_price.py",
        line=DEPENDENCIES_LINE,
    )


def test_run_before(findings: Findings) -> None:
    own = migration(after="shop.0001_initial", body='run_before = [("shop", "0002_price")]')
    (finding,) = findings("GRF105", {**FIRST, at("shop", "0002_price"): own})
    assert finding.line == DEPENDENCIES_LINE + 1
    assert finding.message.startswith("shop.0002_price names itself in `run_before`: ")


SILENT: dict[str, Tree] = {
    "it is of the same name in another app": {
        at("shop", "0001_initial"): migration(),
        at("orders", "0001_initial"): migration(after="shop.0001_initial"),
    },
    "it stands under a condition": {
        at("shop", "0001_initial"): migration(
            body='if settings.EXTRA:\n    dependencies.append(("shop", "0001_initial"))'
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF105", tree) == []
