"""DAT104: a data migration asks for a model that is not there at this point."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration(create("Product"))}


def data(lookup: str, *after: str) -> str:
    function = f"def fill(apps, schema_editor):\n    apps.get_model({lookup})"
    return migration(
        "migrations.RunPython(fill, fill)", after=after or "shop.0001_initial", head=function
    )


def test_names_the_nearest(findings: Findings) -> None:
    (finding,) = findings("DAT104", {**FIRST, at("shop", "0002_fill"): data('"shop", "Prodcut"')})
    assert finding == Finding(
        "DAT104",
        Severity.WARNING,
        "shop.0002_fill asks for shop.Prodcut in fill, but no such model is there at this point: "
        "once the lookup runs, migrating stops (LookupError).",
        "Instead: apps.get_model('shop', 'Product'), the nearest model at this point.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_fill",
        operation=0,
        path="shop/migrations/0002_fill.py",
        line=4,
        data={"model": "shop.Prodcut", "function": "fill", "nearest": "Product"},
    )


def test_names_the_missing_dependency(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(create("Product")),
        at("basket", "0001_fill"): data('"shop.Product"', "taggit.0001_initial"),
    }
    (finding,) = findings("DAT104", tree)
    assert finding.fix == (
        "Instead: add ('shop', '0001_initial'), which creates it, to the dependencies of "
        "0001_fill.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


SILENT: dict[str, Tree] = {
    "it is there, whatever its case": {**FIRST, at("shop", "0002_fill"): data('"shop", "product"')},
    "its app is from elsewhere": {**FIRST, at("shop", "0002_fill"): data('"auth", "User"')},
    "its name is computed": {**FIRST, at("shop", "0002_fill"): data('"shop", name')},
    "what is waited for is not fully known, and may bring it along": {
        at("shop", "0001_initial"): migration(create("Product")),
        at("basket", "0001_fill"): data('"shop", "Product"', "taggit.0001_initial").replace(
            "operations =", "dependencies += list(settings.EXTRA)\n    operations ="
        ),
    },
    "an operation that is not known may make it": {
        **FIRST,
        at("shop", "0002_fill"): data('"shop", "Later"'),
        at("shop", "0003_later"): migration(
            "Make()", after="shop.0002_fill", head="from elsewhere import Make"
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("DAT104", tree) == []
