"""GRF117: two migration folders belong to apps of the same label."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
TWO = {
    at("a/shop", "0001_initial"): migration(),
    at("b/shop", "0001_initial"): migration(),
}


def test_names_both_folders(findings: Findings) -> None:
    (finding,) = findings("GRF117", TWO)
    assert finding == Finding(
        "GRF117",
        Severity.WARNING,
        "a/shop/migrations and b/shop/migrations both hold migrations of an app labelled shop: "
        "Django starts with one of them only, and the contradictions of neither are checked.",
        "Instead: give the app in b/shop a `label` of its own in its AppConfig, or exclude the "
        "folder that is no part of this project.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        path="b/shop/migrations",
        data={"first": "a/shop/migrations", "second": "b/shop/migrations"},
    )


SILENT: dict[str, Tree] = {
    "the AppConfig gives another label": {
        **TWO,
        "b/shop/apps.py": """\
from django.apps import AppConfig


class Shop(AppConfig):
    name = "b.shop"
    label = "other"
""",
    },
    "the folders have two names": {
        at("shop", "0001_initial"): migration(),
        at("orders", "0001_initial"): migration(),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF117", tree) == []
