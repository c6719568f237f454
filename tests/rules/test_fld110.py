"""FLD110: a name is longer than the database, or Django, takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
LONG = "n" * 64


def model(field: str = "name", index: str = "") -> Tree:
    options = f'{{"indexes": [models.Index(fields=["{field}"], name="{index}")]}}' if index else ""
    fields = f'("{field}", models.TextField())'
    return {at("shop", "0001_initial"): migration(create("Product", fields, options=options))}


def test_index_on_every_engine(findings: Findings) -> None:
    (finding,) = findings("FLD110", model(index="i" * 31))
    assert finding == Finding(
        "FLD110",
        Severity.ERROR,
        f"shop.0001_initial names the index {'i' * 31} of shop.Product with 31 characters, and "
        "Django takes 30: `migrate` refuses to run.",
        "Instead: choose a name of at most 30 characters.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        operation=0,
        path="shop/migrations/0001_initial.py",
        line=FIRST_OPERATION_LINE,
        data={"name": "i" * 31, "limit": 30},
    )


@pytest.mark.parametrize(
    ("vendor", "engine", "limit"), [("postgresql", "PostgreSQL", 63), ("oracle", "Oracle", 30)]
)
def test_column(vendor: str, engine: str, limit: int, findings: Findings) -> None:
    (finding,) = findings("FLD110", model(LONG), vendor=vendor)
    assert finding.message == (
        f"shop.0001_initial names the column {LONG} of shop.Product with 64 characters, and "
        f"{engine} takes {limit}: `migrate` refuses to run."
    )


def test_constraint_on_mysql(findings: Findings) -> None:
    add = f'models.UniqueConstraint(fields=["id"], name="{LONG}c")'
    tree = {
        at("shop", "0001_initial"): migration(
            create("Product"), f'migrations.AddConstraint("product", {add})'
        )
    }
    (finding,) = findings("FLD110", tree, vendor="mysql")
    assert (finding.operation, finding.line) == (1, FIRST_OPERATION_LINE + 1)


@pytest.mark.parametrize("vendor", [None, "sqlite"])
def test_silent_because_the_engine_takes_any_column(vendor: str | None, findings: Findings) -> None:
    assert findings("FLD110", model(LONG), vendor=vendor) == []


SILENT: dict[str, Tree] = {
    "it just fits": model("n" * 63, index="i" * 30),
    "it has another column": {
        at("shop", "0001_initial"): migration(
            create("Product", f'("{LONG}", models.TextField(db_column="short"))')
        ),
    },
    "it was renamed later": {
        **model(index="i" * 31),
        at("shop", "0002_short"): migration(
            f'migrations.RenameIndex("product", "short", old_name="{"i" * 31}")',
            after="shop.0001_initial",
        ),
    },
    "the index is of another class": {
        at("shop", "0001_initial"): migration(
            create("Product"),
            f'migrations.AddIndex("product", Other(fields=["id"], name="{"i" * 31}"))',
            head="from elsewhere import Other",
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("FLD110", tree, vendor="postgresql") == []
