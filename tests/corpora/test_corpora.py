"""Real histories: what they hold is found, and none of it is called a fault.

Downloads packages from the index: ``pytest -m pypi tests/corpora``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.corpora.equality import differences, read_beside
from tests.corpora.packages import (
    CORPORA,
    PROJECTS,
    Corpus,
    Project,
    ask_django,
    site_packages_of,
    tree_of,
)
from workflow.history.reading import read_history
from workflow.history.state import state_after
from workflow.outcome import Severity
from workflow.rules import check

if TYPE_CHECKING:
    from workflow.history.model import History

pytestmark = [pytest.mark.pypi, pytest.mark.home]

TRUE_ERRORS = {
    ("mayan-edms", "FLD123", "file_caching.0006_auto_20200322_0626"): (
        "adds a unique column with a constant default to a table that is not empty"
    ),
}
"""Findings of severity error in the corpora that are true, and why."""


@pytest.fixture(scope="module", params=CORPORA, ids=lambda corpus: corpus.requirement)
def corpus(request: pytest.FixtureRequest) -> Corpus:
    found: Corpus = request.param
    return found


@pytest.fixture(scope="module")
def history(corpus: Corpus) -> History:
    return read_history(tree_of(corpus))


def test_every_app_and_migration_is_found(corpus: Corpus, history: History) -> None:
    assert (len(history.apps), len(history.migrations)) == (corpus.apps, corpus.migrations)
    assert history.problems == ()
    assert history.collisions == ()
    assert history.unlabelled == ()


@pytest.mark.parametrize("view", ["fresh", "full"])
def test_the_graph_is_whole(view: str, corpus: Corpus, history: History) -> None:
    graph = getattr(history, view)
    assert graph.broken == ()
    assert graph.cycles() == ()
    assert graph.open_apps == corpus.open_apps
    assert {app: graph.leaves(app) for app in history.apps if len(graph.leaves(app)) > 1} == {}


@pytest.mark.parametrize("view", ["fresh", "full"])
def test_every_model_has_fields(view: str, history: History) -> None:
    state = state_after(history, getattr(history, view))
    models = list(state.models())
    assert models
    assert all(model.fields or len(model.bases) or not model.closed for model in models)


def test_no_finding_is_an_error(corpus: Corpus, history: History) -> None:
    errors = [
        finding
        for finding in check(history)
        if finding.severity is Severity.ERROR
        and (corpus.name, finding.code, f"{finding.app}.{finding.migration}") not in TRUE_ERRORS
    ]
    assert errors == []


def test_a_cached_history_is_the_same(history: History, tmp_path: Path) -> None:
    for _ in range(2):
        again = read_history(history.project, cache=tmp_path / "cache")
        assert again.digest == history.digest
        for key, migration in history.migrations.items():
            assert again.migrations[key].header == migration.header
            assert again.migrations[key].body == migration.body


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_an_installed_project_is_as_django_says(project: Project, tmp_path: Path) -> None:
    answer = json.loads(ask_django(project, tmp_path))
    found = read_beside(answer, site_packages_of(project) / project.package)
    assert list(differences(answer, found)) == []


def test_djangos_own_apps_are_as_django_says() -> None:
    import subprocess

    contrib = pytest.importorskip("django.contrib")
    program = Path(__file__).with_name("ask_django.py")
    words = [sys.executable, str(program)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    found = read_beside(answer, Path(contrib.__path__[0]))
    assert list(differences(answer, found)) == []
