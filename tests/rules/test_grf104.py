"""GRF104: an app has several roots."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
TWO = {
    at("shop", "0001_initial"): migration(),
    at("shop", "0005_import"): migration(after="taggit.0001_initial"),
    at("shop", "0006_merge"): migration(after=("shop.0001_initial", "shop.0005_import")),
}


def test_names_the_roots(findings: Findings) -> None:
    (finding,) = findings("GRF104", TWO)
    assert finding == Finding(
        "GRF104",
        Severity.WARNING,
        "shop has 2 roots, 0001_initial and 0005_import: nothing keeps 0005_import from running "
        "first, and `__first__` means 0001_initial alone.",
        "Instead: let 0005_import depend on the migration of shop that it builds on.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0005_import",
        path="shop/migrations/0005_import.py",
        line=DEPENDENCIES_LINE,
        data={
            "roots": ["0001_initial", "0005_import"],
            "paths": ["shop/migrations/0001_initial.py", "shop/migrations/0005_import.py"],
        },
    )


SILENT: dict[str, Tree] = {
    "there is one": {at("shop", "0001_initial"): migration()},
    "the other is a squash of it": {
        at("shop", "0001_initial"): migration(),
        at("shop", "0001_squashed"): migration(body='replaces = [("shop", "0001_initial")]'),
    },
    "the reference to the one before is broken, which another rule says": {
        at("shop", "0001_initial"): migration(),
        at("shop", "0002_price"): migration(after="shop.0001_intial"),
    },
    "its dependencies are computed": {
        **TWO,
        at("shop", "0005_import"): migration(
            head="from shop.names import before", body="dependencies = before()"
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF104", tree) == []
