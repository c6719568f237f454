"""DAT103: RunPython is given something that it can't call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]


def data(function: str, argument: str = "fill") -> Tree:
    text = migration(f"migrations.RunPython({argument}, migrations.RunPython.noop)", head=function)
    return {at("shop", "0001_initial"): text}


def test_shows_the_signature(findings: Findings) -> None:
    (finding,) = findings("DAT103", data("def fill(apps):\n    pass"))
    assert finding == Finding(
        "DAT103",
        Severity.ERROR,
        "shop.0001_initial gives RunPython as code fill(apps): Django calls it with (apps, "
        "schema_editor), so it fails the moment it runs (TypeError).",
        "Instead: def name(apps, schema_editor): with exactly these two parameters.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        operation=0,
        path="shop/migrations/0001_initial.py",
        line=10,
        data={"parameter": "code"},
    )


@pytest.mark.parametrize(
    ("tree", "what"),
    [
        (data("def fill(): pass"), "fill()"),
        (data("def fill(apps, editor, extra): pass"), "fill(apps, editor, extra)"),
        (data("def fill(apps, editor, *, extra): pass"), "fill(apps, editor)"),
        (data("", "'shop.fill'"), "'shop.fill', which is no function"),
    ],
)
def test_what_can_not_be_called(tree: Tree, what: str, findings: Findings) -> None:
    (finding,) = findings("DAT103", tree)
    assert f" as code {what}: " in finding.message


SILENT: dict[str, Tree] = {
    "it takes two": data("def fill(apps, schema_editor): pass"),
    "it takes any number": data("def fill(*args): pass"),
    "the third has a default": data("def fill(apps, schema_editor, size=100): pass"),
    "a decorator may change what it takes": data(
        "from shop.data import once\n@once\ndef fill(apps): pass"
    ),
    "it is another module's": data("from shop.data import fill"),
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("DAT103", tree) == []
