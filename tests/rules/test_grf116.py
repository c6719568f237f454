"""GRF116: a file is written in a Python newer than the one that reads it here."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
NEWER = """
def forwards(apps, schema_editor):
    template = t"{apps}"
    try:
        pass
    except ValueError, TypeError:
        pass
"""


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python knows that grammar")
def test_is_no_error(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(head=NEWER),
        at("shop", "0002_price"): migration(after="shop.0001_initial"),
    }
    (finding,) = findings("GRF116", tree)
    assert finding.severity is Severity.INFO
    assert (finding.path, finding.migration) == ("shop/migrations/0001_initial.py", "0001_initial")
    assert finding.message.startswith(
        "shop/migrations/0001_initial.py is written in newer Python than the one that this tool "
        "runs on ("
    )
    assert finding.message.endswith("): what it does is read by the project's interpreter only.")
    assert finding.fix == (
        "Instead: install the tool for the project's Python.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


@pytest.mark.parametrize("code", ["GRF101", "GRF103", "GRF114"])
def test_dependants_are_no_broken_references(code: str, findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(head=NEWER),
        at("shop", "0002_price"): migration(after="shop.0001_initial"),
    }
    assert findings(code, tree) == []


SILENT: dict[str, Tree] = {
    "the grammar is known": {at("shop", "0001_initial"): migration()},
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF116", tree) == []
