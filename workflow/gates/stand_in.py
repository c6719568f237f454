"""What a verdict from a scratch database is worth: which engine it is for, and which rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflow.outcome import Finding, Severity

Told = Mapping[str, Any]
"""What the agent says of a scratch database: ``engine``, ``own_engine``, ``where``, ``sample``."""


def describe(told: Told) -> str:
    """Return which engine a verdict is for, where that ran, and on what part of the rows."""
    part = f", {_part(told['sample'])}" if "sample" in told else ""
    return f"on {told['engine']}, {told['where']}{part}"


def findings(told: Told) -> Iterator[Finding]:
    """Yield what keeps a verdict from being one about the database itself."""
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
    if "sample" in told:
        yield Finding(
            "DAT213",
            Severity.WARNING,
            f"Tried on {_part(told['sample'])}, because the database is large. A row that was not "
            "among them may still make a migration fail, and how long it takes was not seen.",
            "Where there is the time and the room, raise copy-megabytes, then run: "
            "migration-workflow rehearse",
            data=dict(told["sample"]),
        )


def _part(sample: Mapping[str, int]) -> str:
    return f"a sample of {sample['rows']} of about {sample['of']} rows"


def _major(engine: str) -> list[str]:
    """Return what of an engine's version changes what it does: MariaDB's has two numbers."""
    vendor, _, version = engine.partition(" ")
    return [vendor, *version.split(".")[: 1 if vendor == "postgresql" else 2]]
