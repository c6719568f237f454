"""DAT101: a data migration can't be undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FUNCTION = "def fill(apps, schema_editor):\n    pass"
LINE = 8 + len(FUNCTION.splitlines())


def test_names_the_function(findings: Findings) -> None:
    text = migration("migrations.RunPython(fill)", head=FUNCTION)
    (finding,) = findings("DAT101", {at("shop", "0001_initial"): text})
    assert finding == Finding(
        "DAT101",
        Severity.WARNING,
        "shop.0001_initial runs fill without reverse_code: nobody can migrate shop back past this "
        "point (IrreversibleError).",
        "Instead: give RunPython(fill) a reverse_code, migrations.RunPython.noop where the data "
        "may stay as it is.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        operation=0,
        path="shop/migrations/0001_initial.py",
        line=LINE,
        data={"function": "fill"},
    )


def test_nested_in_separate_database_and_state(findings: Findings) -> None:
    text = migration(
        "migrations.RunSQL('SELECT 1', '')",
        "migrations.SeparateDatabaseAndState(\n    [migrations.RunPython(fill)],\n)",
        head=FUNCTION,
    )
    (finding,) = findings("DAT101", {at("shop", "0001_initial"): text})
    assert (finding.operation, finding.line) == (1, LINE + 2)


SILENT: dict[str, Tree] = {
    "it has a reverse": {
        at("shop", "0001_initial"): migration("migrations.RunPython(fill, fill)", head=FUNCTION),
    },
    "nothing needs undoing, and it says so": {
        at("shop", "0001_initial"): migration(
            "migrations.RunPython(fill, migrations.RunPython.noop)", head=FUNCTION
        ),
    },
    "its arguments are computed": {
        at("shop", "0001_initial"): migration(
            "migrations.RunPython(*both())", head="from shop.data import both"
        ),
    },
    "it is another class of the same name": {
        at("shop", "0001_initial"): migration(
            "RunPython(fill)", head="from shop.operations import RunPython, fill"
        ),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("DAT101", tree) == []
