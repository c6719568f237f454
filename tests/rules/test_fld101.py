"""FLD101: a field is added that the model already has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
ADD = 'migrations.AddField("product", "price", models.IntegerField(default=0))'
FIRST = {at("shop", "0001_initial"): migration(create("Product"))}
SECOND = {**FIRST, at("shop", "0002_price"): migration(ADD, after="shop.0001_initial")}


def test_names_both_places(findings: Findings) -> None:
    (finding,) = findings(
        "FLD101", {**SECOND, at("shop", "0003_again"): migration(ADD, after="shop.0002_price")}
    )
    assert finding == Finding(
        "FLD101",
        Severity.ERROR,
        "shop.0003_again adds shop.Product.price, which is there already, from shop.0002_price: "
        "the column exists by then, and migrating stops on every database.",
        "Instead: take AddField('price') out of 0003_again, or choose another name.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0003_again",
        operation=0,
        path="shop/migrations/0003_again.py",
        line=FIRST_OPERATION_LINE,
        data={
            "field": "shop.Product.price",
            "first": {
                "migration": ["shop", "0002_price"],
                "path": "shop/migrations/0002_price.py",
                "line": FIRST_OPERATION_LINE,
            },
        },
    )


def test_on_two_branches_that_a_merge_joins(findings: Findings) -> None:
    tree = {
        **SECOND,
        at("shop", "0002_also"): migration(ADD, after="shop.0001_initial"),
        at("shop", "0003_merge"): migration(after=("shop.0002_also", "shop.0002_price")),
    }
    (finding,) = findings("FLD101", tree)
    assert {finding.migration, finding.data["first"]["migration"][1]} == {
        "0002_also",
        "0002_price",
    }


def test_in_what_a_squash_replaces(findings: Findings) -> None:
    body = 'replaces = [("shop", "0001_initial"), ("shop", "0002_price"), ("shop", "0003_again")]'
    tree = {
        **SECOND,
        at("shop", "0003_again"): migration(ADD, after="shop.0002_price"),
        at("shop", "0001_squashed"): migration(create("Product"), ADD, body=body),
    }
    (finding,) = findings("FLD101", tree)
    assert finding.migration == "0003_again"


STATE = "migrations.SeparateDatabaseAndState(state_operations=[{}])"
SILENT: dict[str, Tree] = {
    "it was removed in between": {
        **SECOND,
        at("shop", "0003_again"): migration(
            'migrations.RemoveField("product", "price")', ADD, after="shop.0002_price"
        ),
    },
    "it was renamed in between": {
        **SECOND,
        at("shop", "0003_again"): migration(
            'migrations.RenameField("product", "price", "cost")', ADD, after="shop.0002_price"
        ),
    },
    "a squash and its originals add it each for itself": {
        **SECOND,
        at("shop", "0001_squashed"): migration(
            create("Product"),
            ADD,
            body='replaces = [("shop", "0001_initial"), ("shop", "0002_price")]',
        ),
    },
    "only the state was told of the first": {
        **FIRST,
        at("shop", "0002_price"): migration(STATE.format(ADD), after="shop.0001_initial"),
        at("shop", "0003_again"): migration(ADD, after="shop.0002_price"),
    },
    "only the state is told of the second": {
        **SECOND,
        at("shop", "0003_again"): migration(STATE.format(ADD), after="shop.0002_price"),
    },
    "a subclass may see to it that the column is not there yet": {
        **SECOND,
        at("shop", "0003_again"): migration(
            ADD.replace("migrations.AddField", "AddFieldIfMissing"),
            after="shop.0002_price",
            head="""
class AddFieldIfMissing(migrations.AddField):
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        pass
""",
        ),
    },
    "the model of another app has it": {
        **SECOND,
        at("orders", "0001_initial"): migration(create("Product"), ADD),
    },
    "an operation in between is not known": {
        **SECOND,
        at("shop", "0003_again"): migration(
            'Clean("product")', ADD, after="shop.0002_price", head="from elsewhere import Clean"
        ),
    },
    "the first stands under a condition": {
        **FIRST,
        at("shop", "0002_price"): migration(after="shop.0001_initial").replace(
            "    operations = [\n    ]",
            f"    operations = []\n    if settings.X:\n        operations.append({ADD})",
        ),
        at("shop", "0003_again"): migration(ADD, after="shop.0002_price"),
    },
    "Django keeps no table for the model": {
        at("shop", "0001_initial"): migration(create("Product", options='{"managed": False}')),
        at("shop", "0002_price"): migration(ADD, ADD, after="shop.0001_initial"),
    },
    "its migration is on a cycle, which another rule says": {
        **FIRST,
        at("shop", "0002_price"): migration(ADD, after=("shop.0001_initial", "shop.0003_again")),
        at("shop", "0003_again"): migration(ADD, after="shop.0002_price"),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD101", tree) == []
