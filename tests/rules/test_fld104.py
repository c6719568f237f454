"""FLD104: a field is removed, altered or renamed that is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {
    at("shop", "0001_initial"): migration(create("Product", '("color", models.TextField())')),
}


def then(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_then"): migration(*operations, after="shop.0001_initial")}


def test_names_the_nearest(findings: Findings) -> None:
    (finding,) = findings("FLD104", then('migrations.RemoveField("product", "colour")'))
    assert finding == Finding(
        "FLD104",
        Severity.ERROR,
        "shop.0002_then removes shop.Product.colour, but no such field is there at this point: "
        "migrating stops on every database (FieldDoesNotExist).",
        "Instead: name color, the nearest field of shop.Product at this point, or add colour "
        "before.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_then",
        operation=0,
        path="shop/migrations/0002_then.py",
        line=FIRST_OPERATION_LINE,
        data={"field": "shop.Product.colour", "nearest": "color"},
    )


@pytest.mark.parametrize(
    ("operation", "verb"),
    [
        ('migrations.AlterField("product", "weight", models.IntegerField())', "alters"),
        ('migrations.RenameField("product", "weight", "mass")', "renames"),
    ],
)
def test_altered_and_renamed(operation: str, verb: str, findings: Findings) -> None:
    (finding,) = findings("FLD104", then(operation))
    assert finding.message.startswith(f"shop.0002_then {verb} shop.Product.weight, but ")
    assert finding.fix == (
        "Instead: add weight to shop.Product before 0002_then, or take "
        f"{operation.partition('(')[0].removeprefix('migrations.')} out.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


SILENT: dict[str, Tree] = {
    "it is there": then('migrations.RemoveField("product", "color")'),
    "the model is not there, which another rule says": then(
        'migrations.RemoveField("basket", "color")'
    ),
    "the fields of the model are not fully known": {
        at("shop", "0001_initial"): migration(
            'migrations.CreateModel("Product", fields())', head="from shop.data import fields"
        ),
        at("shop", "0002_then"): migration(
            'migrations.RemoveField("product", "colour")', after="shop.0001_initial"
        ),
    },
    "a base class may have it, so altering finds it": {
        at("shop", "0001_initial"): migration(
            'migrations.CreateModel("Product", [], bases=(shop.models.Priced, models.Model))',
            'migrations.AlterField("product", "price", models.IntegerField())',
            head="import shop.models",
        ),
    },
    "altering what only the state is told of adds it there": then(
        "migrations.SeparateDatabaseAndState(state_operations=["
        'migrations.AlterField("product", "weight", models.IntegerField())])'
    ),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD104", tree) == []
