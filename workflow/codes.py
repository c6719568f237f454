"""Every code of a finding: which there are, which can be waived, and who would report it.

A code is known where it has a page: ``docs/rules/CODE.md`` in a checkout, which a wheel brings
in a folder beside the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from workflow.errors import CouldNotCheck

FOLDERS = (
    Path(__file__).parent / "rules" / "manual",
    Path(__file__).parents[1] / "docs" / "rules",
)
"""Where the pages are in a wheel, and where in a checkout."""

_PROOF = (
    "it is part of the proof that what is checked is the code on disk and a database for "
    "development, and without that proof nothing else means anything"
)
_UNREAD = "what could not be read was not checked, and what was not checked does not pass"
_DJANGO = "Django itself refuses to migrate then"
_RAN = "it was tried out and failed, so it would fail again"
_INFORMS = "it only informs, and refuses nobody"

NEVER: Mapping[str, str] = {
    "CFG1": "a waiver is corrected or taken away, not waived itself",
    "CFG2": "setup only tells what it found, and what it leaves to you",
    "DAT201": _RAN,
    "DAT202": "it was not tried out, and what was not checked does not pass",
    "DAT203": _RAN,
    "DAT204": _RAN,
    "DAT205": _RAN,
    "DAT206": _RAN,
    "DAT208": _RAN,
    "DAT209": "somebody else is migrating: two at once would be in each other's way",
    "DAT210": _INFORMS,
    "DAT211": _RAN,
    "DAT212": _RAN,
    "DAT215": "it tells what was recorded, and its reason is in the journal",
    "DRF104": "an answer is missing, and nobody else can give it",
    "ENV": _PROOF,
    "GRF103": _DJANGO,
    "GRF114": _UNREAD,
    "GRF115": _UNREAD,
    "GRF116": _INFORMS,
    "HIS102": _DJANGO,
    "HIS103": _INFORMS,
    "HIS104": _INFORMS,
    "HIS105": "the database may be half changed, and has to be put back first",
    "HIS108": _DJANGO,
    "HIS109": "git itself refuses such a merge",
    "HIS111": _UNREAD,
    "HIS113": "the database is half changed, and nothing can be built on that",
}
"""The codes and families that can't be waived, nor weighed otherwise, and why not."""

SEEN_WHOLE: Mapping[str, str] = {
    "DAT1": "dependencies",
    "DRF101": "drift",
    "DRF102": "pre-check",
    "DRF103": "drift",
    "FLD": "dependencies",
    "GRF": "dependencies",
    "HIS110": "dependencies",
    "SQL": "dependencies",
}
"""The gate that sees everything that a code or a family is about.

What such a gate does not find is not there. Nobody else can say that: what is found in one
database, on one branch, or in a migration that is run once, is missing elsewhere for that reason
alone.
"""


@cache
def known_codes() -> frozenset[str]:
    """Return every code that there is. Raises CouldNotCheck where the pages are missing."""
    for folder in FOLDERS:
        if folder.is_dir():
            return frozenset(path.stem for path in folder.glob("[A-Z]*[0-9].md"))
    raise CouldNotCheck(f"{FOLDERS[0]} is missing: install django-migration-workflow again")


def why_unknown(code: str) -> str | None:
    """Return what is wrong with a code that does not exist, ``None`` for one that does."""
    if code in known_codes():
        return None
    import difflib

    near = difflib.get_close_matches(code.upper(), sorted(known_codes()), n=1)
    hint = f"did you mean {near[0]}?" if near else "migration-workflow explain lists all there are"
    return f"there is no code {code!r}; {hint}"


def why_not_waived(code: str) -> str | None:
    """Return why a code can't be waived, ``None`` for one that can."""
    return _of(code, NEVER)


def seen_whole_by(code: str) -> str | None:
    """Return the gate that would have found it, ``None`` where none can be sure."""
    return _of(code, SEEN_WHOLE)


def _of(code: str, told: Mapping[str, str]) -> str | None:
    return next((text for name, text in told.items() if code.startswith(name)), None)
