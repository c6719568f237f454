"""FLD124: a unique field is added with a callable default."""

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


def add(field: str) -> Tree:
    operation = f'migrations.AddField("product", "uuid", {field})'
    text = migration(operation, after="shop.0002_basket", head="import uuid")
    return {**FIRST, at("shop", "0003_uuid"): text}


def test_names_the_function(findings: Findings) -> None:
    (finding,) = findings("FLD124", add("models.UUIDField(unique=True, default=uuid.uuid4)"))
    assert finding == Finding(
        "FLD124",
        Severity.ERROR,
        "shop.0003_uuid adds shop.Product.uuid, unique and with default=uuid.uuid4, to a table "
        "that shop.0001_initial created: Django calls it once, and with two rows in it, both get "
        "the same value, and migrating stops.",
        "Instead: add uuid with null=True and without unique, fill it row by row in a data "
        "migration, then alter it to unique=True.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0003_uuid",
        operation=0,
        path="shop/migrations/0003_uuid.py",
        line=FIRST_OPERATION_LINE + 1,
        data={"field": "shop.Product.uuid", "default": "uuid.uuid4"},
    )


def test_null_does_not_help_where_there_is_a_default(findings: Findings) -> None:
    tree = add("models.UUIDField(unique=True, null=True, default=uuid.uuid4)")
    assert len(findings("FLD124", tree)) == 1


SILENT: dict[str, Tree] = {
    "it is not unique yet": add("models.UUIDField(null=True, default=uuid.uuid4)"),
    "it has no default": add("models.UUIDField(unique=True, null=True)"),
    "the database calls it for each row": add(
        "models.UUIDField(unique=True, db_default=models.Func(function='gen_random_uuid'))"
    ),
    "the table is made in the same migration": {
        at("shop", "0001_initial"): migration(
            create("Product", '("uuid", models.UUIDField(unique=True, default=uuid.uuid4))'),
            head="import uuid",
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD124", tree) == []
