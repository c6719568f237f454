"""GRF119: a file in a migrations folder holds no Migration class."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration()}


def test_names_the_file(findings: Findings) -> None:
    (finding,) = findings("GRF119", {**FIRST, at("shop", "0002_notes"): "NOTES = 1\n"})
    assert finding == Finding(
        "GRF119",
        Severity.ERROR,
        "shop/migrations/0002_notes.py stands among the migrations of shop and has no Migration "
        "class: Django cannot load any migration of the project (BadMigrationError).",
        "Instead: begin its name with an underscore, as _0002_notes.py, or move it out of the "
        "folder.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_notes",
        path="shop/migrations/0002_notes.py",
        line=1,
    )


SILENT: dict[str, Tree] = {
    "its name begins with an underscore": {**FIRST, at("shop", "_notes"): "NOTES = 1\n"},
    "its name begins with a tilde": {**FIRST, at("shop", "~notes"): "NOTES = 1\n"},
    "it imports one": {
        **FIRST,
        at("shop", "0002_more"): "from shop.elsewhere import Migration\n",
    },
    "a star may bring one": {**FIRST, at("shop", "0002_more"): "from shop.elsewhere import *\n"},
    "the folder holds no Django migrations": {at("shop", "blocks"): "BLOCKS = []\n"},
    "it is a package": {**FIRST, "shop/migrations/data/__init__.py": "NOTES = 1\n"},
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF119", tree) == []
