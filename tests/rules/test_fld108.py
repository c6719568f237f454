"""FLD108: two models keep their rows in one table."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def two(options: str, extra: str = "") -> Tree:
    return {
        at("shop", "0001_initial"): migration(create("Product")),
        at("shop", "0002_item"): migration(
            create("Item", options=options), after="shop.0001_initial"
        ),
    }


def test_names_both_models(findings: Findings) -> None:
    (finding,) = findings("FLD108", two('{"db_table": "shop_product"}'))
    assert finding == Finding(
        "FLD108",
        Severity.ERROR,
        "shop.Product and shop.Item both keep their rows in the table shop_product: the second one "
        "can't be created, and migrating stops.",
        "Instead: give shop.Item a `db_table` of its own.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_item",
        operation=0,
        path="shop/migrations/0002_item.py",
        line=FIRST_OPERATION_LINE,
        data={"table": "shop_product", "models": ["shop.Product", "shop.Item"]},
    )


def test_in_two_apps_it_is_less_sure(findings: Findings) -> None:
    tree = {
        at("shop", "0001_initial"): migration(create("Product")),
        at("zoo", "0001_initial"): migration(
            create("Animal", options='{"db_table": "shop_product"}')
        ),
    }
    (finding,) = findings("FLD108", tree)
    assert (finding.severity, finding.app) == (Severity.WARNING, "zoo")


SILENT: dict[str, Tree] = {
    "each has its own": two('{"db_table": "shop_thing"}'),
    "Django does not manage one": two('{"db_table": "shop_product", "managed": False}'),
    "one is a proxy": two('{"db_table": "shop_product", "proxy": True}'),
    "the name is computed": two('{"db_table": settings.TABLE}'),
    "the first was deleted before": {
        at("shop", "0001_initial"): migration(
            create("Product"),
            'migrations.DeleteModel("Product")',
            create("Item", options='{"db_table": "shop_product"}'),
        ),
    },
    "a router may keep them apart": {
        **two('{"db_table": "shop_product"}'),
        "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")\n',
        "site1/settings.py": 'DATABASE_ROUTERS = ["site1.Router"]\nINSTALLED_APPS = ["shop"]\n',
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD108", tree) == []
