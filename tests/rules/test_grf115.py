"""GRF115: git's conflict markers are left in a file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
CONFLICT = migration().replace(
    "    dependencies = []",
    """<<<<<<< HEAD
    dependencies = [("shop", "0003_sku")]
=======
    dependencies = [("shop", "0003_weight")]
>>>>>>> feature""",
)


def test_says_where(findings: Findings) -> None:
    (finding,) = findings("GRF115", {at("shop", "0004_price"): CONFLICT})
    assert finding == Finding(
        "GRF115",
        Severity.ERROR,
        "shop/migrations/0004_price.py still holds git's conflict markers: it is no Python, and "
        "nothing that imports it runs.",
        "Instead: settle the conflict between the two versions in the file, then `git add` it.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0004_price",
        path="shop/migrations/0004_price.py",
        line=6,
        data={"trouble": "conflict-markers"},
    )


def test_is_not_told_twice_as_a_syntax_error(findings: Findings) -> None:
    assert findings("GRF114", {at("shop", "0004_price"): CONFLICT}) == []


SILENT: dict[str, Tree] = {
    "markers in a text that is Python are data": {
        at("shop", "0001_initial"): migration(
            head='TEXT = """\n<<<<<<< HEAD\n=======\n>>>>>>> feature\n"""'
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF115", tree) == []
