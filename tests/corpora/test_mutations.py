"""The rules see what they claim to see: in the example, and in real histories.

The places are chosen at random; a failure prints the seed that chose them, which
``MUTATION_SEED`` gives again. The real histories take ``pytest -m pypi``.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.corpora.mutating.ground import KINDS, Ground, Kind
from tests.corpora.mutations import trials
from tests.corpora.packages import CORPORA, Corpus, tree_of
from workflow.outcome import Severity
from workflow.rules import check
from workflow.rules.registry import load

EXAMPLE = Path(__file__).parents[2] / "example"
SEED = int(os.environ.get("MUTATION_SEED") or random.SystemRandom().randrange(2**32))
PLACES = 3
INFO = Severity.INFO


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(EXAMPLE, SEED, tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.code} {kind.name}")
def test_seen_in_the_example(kind: Kind, example: Ground) -> None:
    missed = [str(trial) for trial in trials(example, 2, [kind]) if not trial.is_seen]
    assert missed == [], f"seed {SEED}"


@pytest.mark.pypi
@pytest.mark.home
@pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.requirement)
def test_seen_in_a_real_history(corpus: Corpus, tmp_path: Path) -> None:
    every = list(trials(Ground(tree_of(corpus), SEED, tmp_path), PLACES))
    assert [str(trial) for trial in every if not trial.is_seen] == [], f"seed {SEED}"
    assert len({trial.kind.name for trial in every}) > 45


def test_every_rule_has_a_way_to_break_a_history() -> None:
    assert {kind.code for kind in KINDS} == set(load().rules)


def test_the_example_is_healthy(example: Ground) -> None:
    refusing = [finding for finding in check(example.history) if finding.severity is not INFO]
    assert refusing == []
