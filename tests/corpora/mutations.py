"""Breaks real histories in every way that a rule claims to see, and asks the rules.

``python -m tests.corpora.mutations PROJECT... [--places N] [--seed N]`` prints what was missed.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.corpora.mutating.ground import KINDS, Ground, Kind, Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workflow.outcome import Finding

for family in ("graph", "files", "contradictions", "rows", "data"):
    importlib.import_module(f"tests.corpora.mutating.{family}")


class Trial(NamedTuple):
    """One mutant, and what was found that the healthy history did not have."""

    kind: Kind
    mutant: Mutant
    found: list[Finding]

    @property
    def is_seen(self) -> bool:
        """Whether the right code names the right file and line."""
        return any(self._names(finding) for finding in self.found)

    def _names(self, finding: Finding) -> bool:
        if finding.code != self.kind.code:
            return False
        mutant = self.mutant
        if finding.path == mutant.path and mutant.line in {None, finding.line}:
            return True
        if mutant.exact:
            return False
        place = {"path": mutant.path, "line": mutant.line}
        return place in finding.data.get("places", ()) or mutant.path in _texts(finding)

    def __str__(self) -> str:
        found = "; ".join(f"{finding.code} {finding.path}:{finding.line}" for finding in self.found)
        where = f"{self.mutant.path}:{self.mutant.line}"
        return f"{self.kind.code} {self.kind.name}: {where} [{found or 'nothing'}]"


def _texts(finding: Finding) -> str:
    return "" if "places" in finding.data else repr(finding.data)


def trials(ground: Ground, places: int, kinds: Sequence[Kind] = KINDS) -> Iterator[Trial]:
    """Try each kind at so many places, or at as many as there are."""
    for kind in kinds:
        for mutant in islice(kind.make(ground), places):
            yield Trial(kind, mutant, ground.found(mutant, kind.vendor))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("projects", nargs="+", type=Path)
    parser.add_argument("--places", type=int, default=3)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--kind", default="")
    options = parser.parse_args()
    kinds = [kind for kind in KINDS if options.kind in f"{kind.code} {kind.name}"]
    sys.stdout.write(f"seed {options.seed}, {len(kinds)} kinds\n")
    missed = made = 0
    for project in options.projects:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as cache:
            ground = Ground(project, options.seed, Path(cache))
            every = list(trials(ground, options.places, kinds))
        unseen = [trial for trial in every if not trial.is_seen]
        seconds = time.perf_counter() - started
        sys.stdout.write(
            f"{project.name}: {len(every)} mutants of {len({trial.kind.name for trial in every})} "
            f"kinds, {len(unseen)} missed, {seconds:.0f} s\n"
        )
        sys.stdout.writelines(f"  {trial}\n" for trial in unseen)
        missed, made = missed + len(unseen), made + len(every)
    sys.stdout.write(f"{made} mutants, {missed} missed\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
