"""GRF111: `run_before` names a migration that could state the dependency itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import DEPENDENCIES_LINE, Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def test_names_both(findings: Findings) -> None:
    tree = {
        at("accounts", "0001_initial"): migration(body='run_before = [("shop", "0001_initial")]'),
        at("shop", "0001_initial"): migration(),
    }
    (finding,) = findings("GRF111", tree)
    assert finding == Finding(
        "GRF111",
        Severity.INFO,
        "accounts.0001_initial must run before shop.0001_initial, whose own file does not say so: "
        "a database that has applied shop.0001_initial already refuses to migrate "
        "(InconsistentMigrationHistory).",
        "Instead: add ('accounts', '0001_initial') to the dependencies of shop.0001_initial where "
        "nobody has applied it yet.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="accounts",
        migration="0001_initial",
        path="accounts/migrations/0001_initial.py",
        line=DEPENDENCIES_LINE + 1,
        data={"names": ["shop", "0001_initial"]},
    )


SILENT: dict[str, Tree] = {
    "the target is an app from elsewhere": {
        at("accounts", "0001_initial"): migration(body='run_before = [("admin", "0001_initial")]'),
    },
    "the target does not exist, which another rule says": {
        at("accounts", "0001_initial"): migration(body='run_before = [("accounts", "0009_gone")]'),
    },
    "there is none": {at("accounts", "0001_initial"): migration()},
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF111", tree) == []
