"""What a verdict from a scratch database is worth: which engine it is for, and where it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflow.outcome import Finding, Severity

Told = Mapping[str, Any]
"""What the agent says of a scratch database: ``engine``, ``own_engine`` and ``where``."""


def describe(told: Told) -> str:
    """Return which engine a verdict is for, and where that ran."""
    return f"on {told['engine']}, {told['where']}"


def other_version(told: Told) -> Iterator[Finding]:
    """Yield a finding where the engine is not the database's own."""
    own = told.get("own_engine", told["engine"])
    if _major(told["engine"]) != _major(own):
        yield Finding(
            "DAT210",
            Severity.INFO,
            f"Tried on {told['engine']}, while the database is {own}: what differs between the two "
            "was not seen.",
            f"Name a server of the same version as scratch-database, or install {own} here.",
            data={"engine": told["engine"], "own_engine": own},
        )


def _major(engine: str) -> list[str]:
    """Return what of an engine's version changes what it does: MariaDB's has two numbers."""
    vendor, _, version = engine.partition(" ")
    return [vendor, *version.split(".")[: 1 if vendor == "postgresql" else 2]]
