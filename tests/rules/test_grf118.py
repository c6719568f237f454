"""GRF118: a migration states the same reference twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration()}


def test_names_it(findings: Findings) -> None:
    twice = migration(after=("shop.0001_initial", "shop.0001_initial"))
    (finding,) = findings("GRF118", {**FIRST, at("shop", "0002_price"): twice})
    assert finding == Finding(
        "GRF118",
        Severity.INFO,
        "shop.0002_price names shop.0001_initial twice in `dependencies`: harmless, but often the "
        "rest of a merge in which another name was meant.",
        "Instead: take one of the two out, or name the migration that was meant.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_price",
        path="shop/migrations/0002_price.py",
        line=DEPENDENCIES_LINE,
        data={"names": ["shop", "0001_initial"]},
    )


SILENT: dict[str, Tree] = {
    "the second is in another list": {
        **FIRST,
        at("shop", "0002_price"): migration(
            after="shop.0001_initial", body='replaces = [("shop", "0001_initial")]'
        ),
    },
    "one of the two stands under a condition": {
        **FIRST,
        at("shop", "0002_price"): migration(
            after="shop.0001_initial",
            body='if settings.EXTRA:\n    dependencies.append(("shop", "0001_initial"))',
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF118", tree) == []
