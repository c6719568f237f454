"""How findings speak: the fact, what follows, what to do instead, the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CHECK_AGAIN = "validate-migration-dependencies"


def instead(advice: str, then: str = CHECK_AGAIN) -> str:
    """Return a fix: what to do in their own names, and the exact next command."""
    return f"Instead: {advice}\nNext: migration-workflow {then}"


def listed(names: Iterable[object], word: str = "and") -> str:
    """Return ``a, b and c``."""
    *first, last = [str(name) for name in names]
    return f"{', '.join(first)} {word} {last}" if first else last


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Return the name that was probably meant: the same number, else the same spelling."""
    if not names:
        return None
    from difflib import get_close_matches

    number = name.partition("_")[0]
    same = [other for other in names if number.isdigit() and other.partition("_")[0] == number]
    if len(same) == 1:
        return same[0]
    close = get_close_matches(name, same or names, n=1, cutoff=0.5)
    return close[0] if close else None


def is_alike(name: str, other: str) -> bool:
    """Return whether one name may be the other with a slip of the pen: one place differs."""
    start = _in_common(name, other)
    end = _in_common(name[start:][::-1], other[start:][::-1])
    return max(len(name), len(other)) - start - end <= 3


def _in_common(name: str, other: str) -> int:
    """Return how many characters two names begin with alike."""
    pairs = enumerate(zip(name, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(name), len(other)))
