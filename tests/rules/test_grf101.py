"""GRF101: a migration refers to a migration or an app that does not exist."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration()}


def test_names_the_nearest_migration(findings: Findings) -> None:
    tree = {**FIRST, at("shop", "0002_price"): migration(after="shop.0001_intial")}
    (finding,) = findings("GRF101", tree)
    assert finding == Finding(
        "GRF101",
        Severity.ERROR,
        "shop.0002_price depends on shop.0001_intial, which does not exist: Django cannot load any "
        "migration of the project (NodeNotFoundError).",
        "Instead: name shop.0001_initial, the nearest that exists, or restore 0001_intial.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_price",
        path="shop/migrations/0002_price.py",
        line=DEPENDENCIES_LINE,
        data={"names": ["shop", "0001_intial"], "nearest": "0001_initial"},
    )


def test_says_so_where_nothing_is_near(findings: Findings) -> None:
    tree = {**FIRST, at("shop", "0002_price"): migration(after="shop.0007_gone")}
    (finding,) = findings("GRF101", tree)
    assert finding.fix == (
        "Instead: restore shop.0007_gone, or name a migration of shop that exists.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


def test_run_before_counts_too(findings: Findings) -> None:
    body = 'run_before = [("shop", "0009_later")]'
    tree = {**FIRST, at("shop", "0002_price"): migration(after="shop.0001_initial", body=body)}
    (finding,) = findings("GRF101", tree)
    assert finding.line == DEPENDENCIES_LINE + 1
    assert finding.message.startswith(
        "shop.0002_price must run before shop.0009_later, which does not exist: "
    )


def test_each_place_is_named_once_in_both_views(findings: Findings) -> None:
    squash = migration(after="shop.0000_gone", body='replaces = [("shop", "0001_initial")]')
    tree = {
        at("shop", "0001_initial"): migration(after="shop.0000_gone"),
        at("shop", "0001_squashed"): squash,
    }
    found = findings("GRF101", tree)
    assert [finding.migration for finding in found] == ["0001_initial", "0001_squashed"]


SILENT: dict[str, Tree] = {
    "it exists": {**FIRST, at("shop", "0002_price"): migration(after="shop.0001_initial")},
    "the app is nowhere in the tree, so it may be installed": {
        at("shop", "0001_initial"): migration(after="taggit.0001_initial"),
    },
    "the original lives on in replaces": {
        at("shop", "0001_squashed_0002"): migration(
            body='replaces = [("shop", "0001_initial"), ("shop", "0002_price")]'
        ),
        at("orders", "0001_initial"): migration(after="shop.0002_price"),
    },
    "the name is computed": {
        **FIRST,
        at("shop", "0002_price"): migration(
            head="import os", body='dependencies = [("shop", os.environ["LAST"])]'
        ),
    },
    "it stands under a condition": {
        **FIRST,
        at("shop", "0002_price"): migration(
            after="shop.0001_initial",
            body='if settings.EXTRA:\n    dependencies.append(("shop", "0009_gone"))',
        ),
    },
    "__first__ of an app with migrations": {
        **FIRST,
        at("orders", "0001_initial"): migration(after="shop.__first__"),
    },
    "a swappable user model from elsewhere": {
        at("shop", "0001_initial"): migration(
            body="dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]"
        ),
    },
    "several folders claim the label, so it may be in the other": {
        at("a/shop", "0001_initial"): migration(),
        at("b/shop", "0001_initial"): migration(),
        at("b/shop", "0002_price"): migration(after="shop.0001_initial"),
        at("orders", "0001_initial"): migration(after="shop.0002_price"),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF101", tree) == []
