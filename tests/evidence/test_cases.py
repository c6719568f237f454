"""What was observed of each kind of operation is what that engine really does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django
import pytest

from tests.evidence.cases import CASES, Case, Seen
from tests.evidence.observing import Row, seen_on, short
from tests.evidence.table import PAGE, render
from tests.servers.engines import ENGINES

if TYPE_CHECKING:
    from tests.evidence.conftest import EvidenceOf

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


@pytest.mark.parametrize(("engine", "case"), OBSERVED)
def test_a_migration_is_seen_to_do_what_it_does(
    evidence_of: EvidenceOf, engine: str, case: Case
) -> None:
    assert seen_in(evidence_of(engine).rows[case.name]) == seen_on(case, engine)


@pytest.mark.skipif(django.VERSION[:2] != (5, 2), reason="the page tells of one Django")
def test_the_page_tells_what_is_observed(evidence_of: EvidenceOf) -> None:
    fresh = render({engine: evidence_of(engine) for engine in ENGINES})
    assert fresh == PAGE.read_text(encoding="utf-8"), "run python -m tests.evidence.table"
