"""GRF120: a package of the same name hides a migration from Django."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration()}
SECOND = {**FIRST, at("shop", "0002_price"): migration(after="shop.0001_initial")}


def test_names_the_folder(findings: Findings) -> None:
    (finding,) = findings("GRF120", {**SECOND, "shop/migrations/0002_price/__init__.py": ""})
    assert finding == Finding(
        "GRF120",
        Severity.ERROR,
        "shop/migrations/0002_price.py stands beside a package 0002_price/: Python sees the "
        "package alone, so Django never applies shop.0002_price, and whatever depends on it does "
        "not load.",
        "Instead: rename the folder 0002_price/, or take its __init__.py away.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_price",
        path="shop/migrations/0002_price.py",
        line=1,
    )


SILENT: dict[str, Tree] = {
    "a folder without __init__.py hides nothing": {
        **SECOND,
        "shop/migrations/0002_price/rows.json": "[]",
    },
    "a package of another name hides nothing": {
        **SECOND,
        "shop/migrations/data/__init__.py": "",
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF120", tree) == []
