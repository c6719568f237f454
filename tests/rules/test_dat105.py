"""DAT105: one migration changes both schema and data, on an engine that minds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FUNCTION = "def fill(apps, schema_editor): pass"
ADD = 'migrations.AddField("product", "slug", models.SlugField(null=True))'
RUN = "migrations.RunPython(fill, fill)"
FIRST = {at("shop", "0001_initial"): migration(create("Product"))}


def mixed(*operations: str, body: str = "") -> Tree:
    text = migration(*operations, after="shop.0001_initial", head=FUNCTION, body=body)
    return {**FIRST, at("shop", "0002_slug"): text}


def test_postgresql(findings: Findings) -> None:
    (finding,) = findings("DAT105", mixed(ADD, RUN), vendor="postgresql")
    assert finding == Finding(
        "DAT105",
        Severity.WARNING,
        "shop.0002_slug runs AddField and RunPython in one migration: PostgreSQL keeps the locks "
        "of the schema change until all rows are written, and refuses it where row checks are "
        'pending ("pending trigger events").',
        "Instead: move RunPython out of 0002_slug into a migration of its own.\n"
        "Next: migration-workflow makemigrations --empty shop",
        app="shop",
        migration="0002_slug",
        operation=1,
        path="shop/migrations/0002_slug.py",
        line=10,
        data={"schema_line": 9},
    )


@pytest.mark.parametrize(
    ("vendor", "engine"), [("mysql", "MySQL"), ("mariadb", "MariaDB"), ("oracle", "Oracle")]
)
def test_engines_that_end_the_transaction(vendor: str, engine: str, findings: Findings) -> None:
    (finding,) = findings("DAT105", mixed(ADD, RUN), vendor=vendor)
    assert finding.message == (
        f"shop.0002_slug runs AddField and RunPython in one migration: {engine} can't undo schema "
        "changes: if one of the two fails, the database is left half way."
    )


@pytest.mark.parametrize("vendor", [None, "sqlite"])
def test_silent_because_the_engine_does_not_mind_or_is_not_known(
    vendor: str | None, findings: Findings
) -> None:
    assert findings("DAT105", mixed(ADD, RUN), vendor=vendor) == []


SILENT: dict[str, Tree] = {
    "there is only data": mixed(RUN),
    "there is only schema": mixed(ADD),
    "the table is made here, so nobody waits for it": mixed(create("Basket"), RUN),
    "it runs without a transaction": mixed(ADD, RUN, body="atomic = False"),
    "the function does nothing": mixed(
        ADD, "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)"
    ),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("DAT105", tree, vendor="postgresql") == []
