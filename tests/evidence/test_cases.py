"""What was observed of each kind of operation is what that engine really does."""

from __future__ import annotations

import re

import pytest

from tests.evidence.cases import CASES, Case, Seen
from tests.evidence.conftest import EvidenceOf, Row, seen_on
from tests.servers.engines import ENGINES

OBSERVED = [
    pytest.param(engine, case, id=f"{engine}-{case.name}")
    for engine in ENGINES
    for case in CASES
    if seen_on(case, engine) is not None
]


def seen_in(row: Row) -> Seen:
    """Return a row of evidence in the form of a case."""
    touched = [relation for one in row["operations"] for relation in one["relations"]]
    return Seen(
        {short(row, name): mode for name, mode in row["locks"]},
        tuple(sorted(short(row, name) for name in row["rewrites"])),
        tuple(short(row, name) for name in row["scans"]),
        sum(relation["rows"] for relation in touched),
    )


def short(row: Row, name: str) -> str:
    """Return a relation's name without the app's label, and without what Django makes unique."""
    return re.sub(r"_[0-9a-f]{8}(?=_|$)", "", name.removeprefix(f"{row['app']}_"))


@pytest.mark.parametrize(("engine", "case"), OBSERVED)
def test_a_migration_is_seen_to_do_what_it_does(
    evidence_of: EvidenceOf, engine: str, case: Case
) -> None:
    assert seen_in(evidence_of(engine)[case.name]) == seen_on(case, engine)
