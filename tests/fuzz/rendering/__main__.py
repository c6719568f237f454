"""Compares histories seed after seed, so that any one can be run again.

    python -m tests.fuzz.rendering FIRST COUNT [URL]

Whatever differs is printed, as short as it can be made. URL is that of an empty database; without
it each history has one in memory. What it cost and how often Django itself failed comes last.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.fuzz.rendering.comparing import IN_MEMORY, difference, shortened
from tests.fuzz.rendering.contrib import project
from tests.fuzz.rendering.story import Story, story

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzz.rendering.runs import Outcome


def main(words: Sequence[str]) -> int:
    """Run the seeds; return 1 where anything differs."""
    first, count = map(int, words[:2])
    url = words[2] if len(words) > 2 else IN_MEMORY
    numbers: Counter[str] = Counter()
    began = time.monotonic()
    with project():
        for seed in range(first, first + count):
            one = story(seed)
            differs, expected = difference(url, one)
            numbers += _counted(one, expected)
            if differs:
                numbers["differ"] += 1
                short = one if expected.failure else shortened(one, _still(url))
                _print(str(short), difference(url, short)[0] or differs)
    for name, number in numbers.items():
        _print(f"{number:8} {name}")
    _print(f"{time.monotonic() - began:8.1f} s")
    return int(bool(numbers["differ"]))


def _counted(one: Story, expected: Outcome) -> Counter[str]:
    failed = {f"failed with Django: {expected.failure[:50]}": 1} if expected.failure else {}
    return Counter(
        {
            "histories": 1,
            "operations": sum(len(step.operations) for step in one.steps),
            "statements": sum(len(part.did) for part in expected.parts),
            "things seen by code": len(expected.seen),
            "went back": int(len(expected.states) == 2),
            **failed,
        }
    )


def _still(url: str) -> Callable[[Story], bool]:
    """Return whether a history differs, and not because it cannot be run at all."""

    def still(one: Story) -> bool:
        differs, expected = difference(url, one)
        return bool(differs) and not expected.failure

    return still


def _print(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - a program's output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
