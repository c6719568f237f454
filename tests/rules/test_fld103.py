"""FLD103: an operation is about a model that is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration(create("Product"), create("Basket"))}


def then(*operations: str) -> Tree:
    return {**FIRST, at("shop", "0002_then"): migration(*operations, after="shop.0001_initial")}


def test_names_the_nearest(findings: Findings) -> None:
    (finding,) = findings(
        "FLD103", then('migrations.AddField("prodcut", "a", models.IntegerField(default=0))')
    )
    assert finding == Finding(
        "FLD103",
        Severity.ERROR,
        "shop.0002_then runs AddField on shop.prodcut, but no such model is there at this point: "
        "migrating stops on every database (KeyError).",
        "Instead: name Product, the nearest model of shop at this point, or create prodcut "
        "before.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_then",
        operation=0,
        path="shop/migrations/0002_then.py",
        line=FIRST_OPERATION_LINE,
        data={"model": "shop.prodcut", "nearest": "Product"},
    )


@pytest.mark.parametrize(
    "operation",
    [
        'migrations.DeleteModel("Zebra")',
        'migrations.RenameModel("Zebra", "Horse")',
        'migrations.RemoveField("zebra", "stripes")',
        'migrations.AlterField("zebra", "stripes", models.IntegerField())',
        'migrations.RenameField("zebra", "stripes", "lines")',
        'migrations.AlterModelOptions("zebra", {})',
        'migrations.AlterModelTable("zebra", "horse")',
        'migrations.AlterUniqueTogether("zebra", {("a", "b")})',
        'migrations.AlterModelManagers("zebra", [])',
        'migrations.AddIndex("zebra", models.Index(fields=["a"], name="a_idx"))',
        'migrations.RemoveIndex("zebra", "a_idx")',
        'migrations.AddConstraint("zebra", models.UniqueConstraint(fields=["a"], name="a"))',
        'migrations.RemoveConstraint("zebra", "a")',
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Zebra")])',
    ],
)
def test_every_operation_on_a_model(operation: str, findings: Findings) -> None:
    (finding,) = findings("FLD103", then(operation))
    assert "on shop.Zebra" in finding.message or "on shop.zebra" in finding.message


def test_only_the_first_is_told(findings: Findings) -> None:
    remove = 'migrations.RemoveField("zebra", "stripes")'
    (finding,) = findings("FLD103", then(remove, remove))
    assert finding.operation == 0


SILENT: dict[str, Tree] = {
    "it is there, whatever its case": then(
        'migrations.AddField("PRODUCT", "a", models.IntegerField(default=0))'
    ),
    "it is made in the same migration": then(create("Zebra"), 'migrations.DeleteModel("Zebra")'),
    "an operation before is not known": {
        **FIRST,
        at("shop", "0002_then"): migration(
            "MakeModels()",
            'migrations.DeleteModel("Zebra")',
            after="shop.0001_initial",
            head="from elsewhere import MakeModels",
        ),
    },
    "its migration can't be read, so it may make the model": {
        **FIRST,
        at("shop", "0002_zebra"): "class Migration(:\n",
        at("shop", "0003_then"): migration(
            'migrations.DeleteModel("Zebra")', after="shop.0002_zebra"
        ),
    },
    "the migration that may make it is missing, which another rule says": {
        **FIRST,
        at("shop", "0003_then"): migration(
            'migrations.DeleteModel("Zebra")', after="shop.0002_zebra"
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD103", tree) == []
