"""FLD123: a unique field is added with one constant for all rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {
    at("shop", "0001_initial"): migration(create("Product")),
    at("shop", "0002_basket"): migration(create("Basket"), after="shop.0001_initial"),
}


def add(field: str, model: str = "product") -> Tree:
    operation = f'migrations.AddField("{model}", "sku", {field})'
    return {**FIRST, at("shop", "0003_sku"): migration(operation, after="shop.0002_basket")}


def test_says_what_to_do(findings: Findings) -> None:
    (finding,) = findings("FLD123", add('models.CharField(max_length=9, unique=True, default="")'))
    assert finding == Finding(
        "FLD123",
        Severity.ERROR,
        "shop.0003_sku adds shop.Product.sku, unique and with a constant default, to a table that "
        "shop.0001_initial created: with two rows in it, both get the same value, and migrating "
        "stops.",
        "Instead: add sku with null=True and without unique, fill it in a data migration, then "
        "alter it to unique=True.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0003_sku",
        operation=0,
        path="shop/migrations/0003_sku.py",
        line=FIRST_OPERATION_LINE,
        data={"field": "shop.Product.sku"},
    )


def test_one_to_one_is_unique_by_itself(findings: Findings) -> None:
    field = 'models.OneToOneField("auth.User", models.CASCADE, default=1)'
    assert len(findings("FLD123", add(field))) == 1


SILENT: dict[str, Tree] = {
    "it is not unique": add("models.IntegerField(default=0)"),
    "rows get NULL, which may be there many times": add(
        "models.IntegerField(unique=True, null=True)"
    ),
    "NULL by name": add("models.IntegerField(unique=True, null=True, default=None)"),
    "a callable is another rule's": add("models.UUIDField(unique=True, default=uuid.uuid4)"),
    "the table is made in the same migration": {
        at("shop", "0001_initial"): migration(
            create("Product"),
            'migrations.AddField("product", "a", models.IntegerField(unique=True, default=0))',
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD123", tree) == []
