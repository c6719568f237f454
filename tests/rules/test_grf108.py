"""GRF108: a squash replaces what does not exist, while its namesake is left over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
ORIGINALS = {
    at("shop", "0001_initial"): migration(),
    at("shop", "0002_price"): migration(after="shop.0001_initial"),
}


def squash(*names: str) -> str:
    listed = ", ".join(f'("shop", "{name}")' for name in names)
    return migration(body=f"replaces = [{listed}]")


def test_names_what_was_meant(findings: Findings) -> None:
    tree = {**ORIGINALS, at("shop", "0001_squashed"): squash("0001_initial", "0002_pirce")}
    (finding,) = findings("GRF108", tree)
    assert finding == Finding(
        "GRF108",
        Severity.WARNING,
        "shop.0001_squashed replaces shop.0002_pirce, which does not exist, while shop.0002_price "
        "is replaced by nothing: a fresh database runs its operations twice.",
        "Instead: name shop.0002_price in `replaces`, or take shop.0002_pirce out.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_squashed",
        path="shop/migrations/0001_squashed.py",
        line=DEPENDENCIES_LINE + 1,
        data={"names": ["shop", "0002_pirce"], "nearest": "0002_price"},
    )


SILENT: dict[str, Tree] = {
    "all exist": {**ORIGINALS, at("shop", "0001_squashed"): squash("0001_initial", "0002_price")},
    "the originals were deleted": {
        at("shop", "0001_squashed"): squash("0001_initial", "0002_price"),
    },
    "the number was used again by what came after": {
        at("shop", "0001_squashed"): squash("0001_initial", "0002_prices"),
        at("shop", "0002_price"): migration(after="shop.0001_squashed"),
    },
    "the one that is left over has quite another name": {
        **ORIGINALS,
        at("shop", "0001_squashed"): squash("0001_initial", "0002_weight_of_parcels"),
    },
    "another squash replaces it": {
        **ORIGINALS,
        at("shop", "0001_squashed"): squash("0001_initial", "0002_prices"),
        at("shop", "0002_squashed"): squash("0002_price"),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF108", tree) == []
