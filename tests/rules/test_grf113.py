"""GRF113: a migrations folder has migrations but no ``__init__.py``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
BARE = {at("shop", "0001_initial"): migration(), at("shop", "0002_price"): migration()}


def test_names_the_missing_file(findings: Findings) -> None:
    (finding,) = findings("GRF113", BARE, packages=False)
    assert finding == Finding(
        "GRF113",
        Severity.ERROR,
        "shop/migrations holds 2 migrations but no __init__.py: Django takes shop for an app "
        "without migrations and never applies them.",
        "Instead: create an empty shop/migrations/__init__.py and add it to git.\n"
        "Next: migration-workflow pre-check",
        app="shop",
        path="shop/migrations/0001_initial.py",
        line=1,
        data={
            "missing": "shop/migrations/__init__.py",
            "migrations": ["0001_initial", "0002_price"],
        },
    )


SILENT: dict[str, Tree] = {
    "it has one": {**BARE, "shop/migrations/__init__.py": ""},
    "it holds no Django migrations": {"shop/migrations/0001_blocks.py": "BLOCKS = []\n"},
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF113", tree, packages=False) == []
