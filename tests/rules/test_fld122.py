"""FLD122: a column that held NULL is made non-null and nothing has filled it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
ADD = 'migrations.AddField("product", "sku", models.IntegerField(null=True))'
ALTER = 'migrations.AlterField("product", "sku", models.IntegerField())'
FILL = "migrations.RunPython(fill, fill)"
FUNCTION = "def fill(apps, schema_editor): pass"
FIRST = {
    at("shop", "0001_initial"): migration(create("Product")),
    at("shop", "0002_sku"): migration(ADD, after="shop.0001_initial"),
}


def then(*operations: str, head: str = FUNCTION) -> Tree:
    return {
        **FIRST,
        at("shop", "0003_then"): migration(*operations, after="shop.0002_sku", head=head),
    }


def test_names_the_field(findings: Findings) -> None:
    (finding,) = findings("FLD122", then(ALTER))
    assert finding == Finding(
        "FLD122",
        Severity.WARNING,
        "shop.0003_then makes shop.Product.sku non-null, and nothing before it has filled the rows "
        "that hold NULL: with one such row, migrating stops.",
        "Instead: fill sku in a data migration (RunPython) before 0003_then, or give it a "
        "default.\n"
        "Next: migration-workflow makemigrations --empty shop",
        app="shop",
        migration="0003_then",
        operation=0,
        path="shop/migrations/0003_then.py",
        line=FIRST_OPERATION_LINE + 1,
        data={"field": "shop.Product.sku"},
    )


def test_a_backfill_before_the_field_was_there_does_not_count(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(create("Product")),
        at("shop", "0002_other"): migration(FILL, after="shop.0001_initial", head=FUNCTION),
        at("shop", "0003_sku"): migration(ADD, after="shop.0002_other"),
        at("shop", "0004_then"): migration(ALTER, after="shop.0003_sku"),
    }
    assert [finding.migration for finding in findings("FLD122", tree)] == ["0004_then"]


def test_a_backfill_after_it_does_not_count(findings: Findings) -> None:
    assert len(findings("FLD122", then(ALTER, FILL))) == 1


SILENT: dict[str, Tree] = {
    "it is a squash, which mostly finds no rows": {
        **FIRST,
        at("shop", "0003_then"): migration(
            ALTER, after="shop.0002_sku", body='replaces = [("shop", "0003_a")]'
        ),
    },
    "a function has filled it before": then(FILL, ALTER),
    "SQL has filled it before": then('migrations.RunSQL("UPDATE ...", "")', ALTER),
    "an operation from elsewhere may have filled it": then(
        "Fill()", ALTER, head="from elsewhere import Fill"
    ),
    "a migration in between has filled it": {
        **FIRST,
        at("shop", "0003_fill"): migration(FILL, after="shop.0002_sku", head=FUNCTION),
        at("shop", "0004_then"): migration(ALTER, after="shop.0003_fill"),
    },
    "it was altered once more since": {
        **FIRST,
        at("shop", "0003_fill"): migration(FILL, after="shop.0002_sku", head=FUNCTION),
        at("shop", "0004_help"): migration(
            ALTER.replace("()", "(null=True, help_text='a')"), after="shop.0003_fill"
        ),
        at("shop", "0005_then"): migration(ALTER, after="shop.0004_help"),
    },
    "Django writes the default into such rows": then(ALTER.replace("()", "(default=0)")),
    "it stays null": then(ALTER.replace("()", "(null=True)")),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD122", tree) == []
