"""FLD121: a field that rows need a value for is added without one."""

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


def add(field: str, name: str = "sku", body: str = "", migration_name: str = "0003_sku") -> Tree:
    operation = f'migrations.AddField("product", "{name}", {field})'
    text = migration(operation, after="shop.0002_basket", body=body)
    return {**FIRST, at("shop", migration_name): text}


def test_says_what_to_do(findings: Findings) -> None:
    (finding,) = findings("FLD121", add("models.CharField(max_length=20)"))
    assert finding == Finding(
        "FLD121",
        Severity.ERROR,
        "shop.0003_sku adds shop.Product.sku, which is not null and has no default, to a table "
        "that shop.0001_initial created: with one row in it, migrating stops.",
        "Instead: add sku with null=True, fill it in a data migration, then alter it to "
        "null=False; or give it a default or db_default.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0003_sku",
        operation=0,
        path="shop/migrations/0003_sku.py",
        line=FIRST_OPERATION_LINE,
        data={"field": "shop.Product.sku", "kind": "CharField"},
    )


@pytest.mark.parametrize(
    "field",
    [
        "models.IntegerField(blank=True)",
        "models.DateTimeField()",
        'models.ForeignKey("auth.User", models.CASCADE)',
        "models.JSONField()",
    ],
)
def test_blank_helps_text_only(field: str, findings: Findings) -> None:
    assert len(findings("FLD121", add(field))) == 1


def test_mysql_fills_in_a_zero(findings: Findings) -> None:
    assert findings("FLD121", add("models.IntegerField()"), vendor="mysql") == []


def test_mysql_makes_no_row_to_point_to(findings: Findings) -> None:
    tree = add('models.ForeignKey("auth.User", models.CASCADE)')
    assert len(findings("FLD121", tree, vendor="mysql")) == 1


SILENT: dict[str, Tree] = {
    "it may be null": add("models.IntegerField(null=True)"),
    "it has a default": add("models.IntegerField(default=0)"),
    "the database has a default": add("models.IntegerField(db_default=0)"),
    "text that may be blank is filled with the empty string": add(
        "models.CharField(max_length=20, blank=True)"
    ),
    "bytes that may be blank are too": add("models.BinaryField(blank=True)"),
    "a time is filled in by itself": add("models.DateTimeField(auto_now_add=True)"),
    "many-to-many fields have no column": add('models.ManyToManyField("auth.User")'),
    "keys count by themselves": add("models.BigAutoField(primary_key=True)", name="number"),
    "the database computes it": add(
        "models.GeneratedField(expression=models.F('a'), output_field=models.IntegerField(), "
        "db_persist=True)"
    ),
    "a field of another class may bring its own default": {
        **FIRST,
        at("shop", "0003_sku"): migration(
            'migrations.AddField("product", "sku", Money())',
            after="shop.0002_basket",
            head="from elsewhere import Money",
        ),
    },
    "the table is made in the same migration": {
        at("shop", "0001_initial"): migration(
            create("Product"), 'migrations.AddField("product", "sku", models.IntegerField())'
        ),
    },
    "the migration says initial": add("models.IntegerField()", body="initial = True"),
    "it is a squash, which mostly makes its tables itself": add(
        "models.IntegerField()", body='replaces = [("shop", "0003_a"), ("shop", "0004_b")]'
    ),
    "its name tells that it was a squash": add(
        "models.IntegerField()", migration_name="0003_sku_squashed_0007_price"
    ),
    "an operation before may have emptied the table": {
        **FIRST,
        at("shop", "0003_sku"): migration(
            'migrations.RunSQL("DELETE FROM shop_product", "")',
            'migrations.AddField("product", "sku", models.IntegerField())',
            after="shop.0002_basket",
        ),
    },
    "a first migration was split because of foreign keys in a circle": {
        at("shop", "0001_initial"): migration(create("Product")),
        at("shop", "0002_auto"): migration(
            'migrations.AddField("product", "by", models.ForeignKey("auth.User", models.CASCADE))',
            after="shop.0001_initial",
        ),
    },
    "Django keeps no table for the model": {
        at("shop", "0001_initial"): migration(create("Product", options='{"managed": False}')),
        at("shop", "0002_basket"): migration(create("Basket"), after="shop.0001_initial"),
        at("shop", "0003_sku"): migration(
            'migrations.AddField("product", "sku", models.IntegerField())',
            after="shop.0002_basket",
        ),
    },
    "only the state is told": {
        **FIRST,
        at("shop", "0003_sku"): migration(
            "migrations.SeparateDatabaseAndState(state_operations=["
            'migrations.AddField("product", "sku", models.IntegerField())])',
            after="shop.0002_basket",
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD121", tree) == []
