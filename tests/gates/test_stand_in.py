"""What a verdict from a scratch database is worth."""

from __future__ import annotations

from typing import Any

import pytest

from workflow.gates import stand_in
from workflow.outcome import Severity

HERE: dict[str, Any] = {
    "engine": "postgresql 15.14",
    "own_engine": "postgresql 15.14",
    "where": "a place",
}
SAMPLE = {**HERE, "sample": {"rows": 20, "of": 600}}


def codes(told: dict[str, Any]) -> list[str]:
    return [finding.code for finding in stand_in.findings(told)]


class TestDAT210:
    """Another version."""

    def test_fires(self) -> None:
        (finding,) = stand_in.findings({**HERE, "engine": "postgresql 18.4"})
        assert (finding.code, finding.severity) == ("DAT210", Severity.INFO)
        assert finding.message == (
            "Tried on postgresql 18.4, while the database is postgresql 15.14: what differs "
            "between the two was not seen."
        )
        assert finding.data == {"engine": "postgresql 18.4", "own_engine": "postgresql 15.14"}

    @pytest.mark.parametrize(
        ("engine", "own"),
        [("mariadb 10.6.1", "mariadb 10.11.14"), ("mysql 8.4.0", "mariadb 10.11.14")],
    )
    def test_fires_on_what_counts_for_a_vendor(self, engine: str, own: str) -> None:
        assert codes({**HERE, "engine": engine, "own_engine": own}) == ["DAT210"]

    @pytest.mark.parametrize(
        "told",
        [
            HERE,
            {**HERE, "engine": "postgresql 15.3"},
            {"engine": "mariadb 10.11.3", "own_engine": "mariadb 10.11.14", "where": "a place"},
            {"engine": "sqlite 3.45.1", "where": "a file"},
        ],
    )
    def test_silent_for_the_same(self, told: dict[str, Any]) -> None:
        assert codes(told) == []


class TestDAT213:
    """A sample of the rows."""

    def test_fires(self) -> None:
        (finding,) = stand_in.findings(SAMPLE)
        assert (finding.code, finding.severity) == ("DAT213", Severity.WARNING)
        assert finding.message.startswith("Tried on a sample of 20 of about 600 rows, because ")
        assert finding.data == {"rows": 20, "of": 600}

    def test_silent_for_all_rows(self) -> None:
        assert codes(HERE) == []

    def test_it_is_part_of_where_it_was_tried(self) -> None:
        told = stand_in.describe(SAMPLE)
        assert told == "on postgresql 15.14, a place, a sample of 20 of about 600 rows"
