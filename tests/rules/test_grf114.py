"""GRF114: a file can't be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration()}


def test_syntax(findings: Findings) -> None:
    broken = migration().replace("Migration):", "Migration)")
    (finding,) = findings("GRF114", {at("shop", "0001_initial"): broken})
    assert finding == Finding(
        "GRF114",
        Severity.ERROR,
        "shop/migrations/0001_initial.py can't be read (expected ':'): the migration is not "
        "checked, and Django can't load it either.",
        "Instead: correct the file, or take it out of the project.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        path="shop/migrations/0001_initial.py",
        line=5,
        data={"trouble": "syntax"},
    )


@pytest.mark.parametrize(
    ("content", "trouble", "advice"),
    [
        (b"x = '\xff\xfe'\n" + migration().encode(), "encoding", "save the file as UTF-8."),
        (
            migration().encode() + b"\0",
            "null-bytes",
            "restore the file, which is probably damaged, from git.",
        ),
    ],
)
def test_says_what_to_do(content: bytes, trouble: str, advice: str, findings: Findings) -> None:
    (finding,) = findings("GRF114", {**FIRST, at("shop", "0002_price"): content})
    assert finding.severity is Severity.ERROR
    assert finding.data == {"trouble": trouble}
    assert finding.fix == (
        f"Instead: {advice}\nNext: migration-workflow validate-migration-dependencies"
    )


SILENT: dict[str, Tree] = {
    "a byte order mark is no fault": {
        at("shop", "0001_initial"): b"\xef\xbb\xbf" + migration().encode(),
    },
    "the encoding is declared": {
        at("shop", "0001_initial"): b"# coding: latin-1\nx = '\xe9'\n" + migration().encode(),
    },
    "lines may end as on Windows": {
        at("shop", "0001_initial"): migration().replace("\n", "\r\n"),
    },
    "it is no migration but a helper with an underscore": {
        **FIRST,
        at("shop", "_helper"): "def broken(:\n",
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("GRF114", tree) == []
