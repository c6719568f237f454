"""FLD111: an index, a constraint or ``unique_together`` names a field that is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIELDS = (
    '("sku", models.TextField())',
    '("shelf", models.ForeignKey("store.Shelf", models.CASCADE))',
)
FIRST = {at("shop", "0001_initial"): migration(create("Product", *FIELDS))}


def then(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_then"): migration(*operations, after="shop.0001_initial")}


def index(fields: str) -> str:
    return f'migrations.AddIndex("product", models.Index(fields={fields}, name="an_idx"))'


def test_names_the_nearest(findings: Findings) -> None:
    (finding,) = findings("FLD111", then(index('["-skus"]')))
    assert finding == Finding(
        "FLD111",
        Severity.ERROR,
        "shop.0002_then puts skus into an index of shop.Product, but no such field is there at "
        "this point: migrating stops on every database (FieldDoesNotExist).",
        "Instead: name sku, the nearest field of shop.Product at this point, or add skus before.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_then",
        operation=0,
        path="shop/migrations/0002_then.py",
        line=FIRST_OPERATION_LINE,
        data={"field": "shop.Product.skus", "nearest": "sku"},
    )


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        (
            'migrations.AddConstraint("product", models.UniqueConstraint(fields=["q"], name="q"))',
            "a constraint",
        ),
        ('migrations.AlterUniqueTogether("product", {("sku", "q")})', "unique_together"),
        ('migrations.AlterUniqueTogether("product", ("sku", "q"))', "unique_together"),
        ('migrations.AlterIndexTogether("product", [["sku", "q"]])', "index_together"),
    ],
)
def test_wherever_fields_are_named(operation: str, what: str, findings: Findings) -> None:
    (finding,) = findings("FLD111", then(operation))
    assert finding.message.startswith(f"shop.0002_then puts q into {what} of shop.Product, but ")
    assert finding.fix == (
        f"Instead: add q to shop.Product before, or take it out of the "
        f"{'constraint' if what == 'a constraint' else what}.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


def test_indexes_of_postgresql_count_too(findings: Findings) -> None:
    text = migration(
        'migrations.AddIndex("product", GinIndex(fields=["skus"], name="an_idx"))',
        after="shop.0001_initial",
        head="from django.contrib.postgres.indexes import GinIndex",
    )
    assert len(findings("FLD111", {**FIRST, at("shop", "0002_then"): text})) == 1


SILENT: dict[str, Tree] = {
    "it is there": then(index('["sku"]')),
    "it is the primary key by its nickname": then(index('["pk"]')),
    "it is a foreign key by its column": then(index('["shelf_id"]')),
    "unique_together is emptied": then('migrations.AlterUniqueTogether("product", set())'),
    "it is made of expressions": then(
        'migrations.AddIndex("product", models.Index(models.F("q"), name="an_idx"))'
    ),
    "a base class may have it": {
        at("shop", "0001_initial"): migration(
            'migrations.CreateModel("Product", [], bases=(shop.models.Priced, models.Model))',
            index('["price"]'),
            head="import shop.models",
        ),
    },
    "the model makes its own id": {
        at("shop", "0001_initial"): migration(
            'migrations.CreateModel("Product", [("sku", models.TextField())])', index('["id"]')
        ),
    },
    "fields are computed": then(index("settings.FIELDS")),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD111", tree) == []
