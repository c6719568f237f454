"""Drafts come in an order of which every prefix is a history."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from _migration_workflow_agent.drafting import _in_order
from django.db.migrations import Migration


def migration(app: str, *after: str) -> Any:
    found: Any = Migration("0001", app)
    found.dependencies = [(name, "0001") for name in after]
    return found


def order(*migrations: Any) -> list[str]:
    return [found.app_label for found in _in_order(list(migrations))]


CHAIN = [migration("a"), migration("b", "a"), migration("c", "b")]


@pytest.mark.parametrize("given", list(itertools.permutations(CHAIN)), ids=str)
def test_what_is_depended_on_comes_first(given: tuple[Any, ...]) -> None:
    assert order(*given) == ["a", "b", "c"]


def test_those_that_are_free_keep_their_order() -> None:
    assert order(migration("b"), migration("a"), migration("c", "a")) == ["b", "a", "c"]


def test_what_is_on_disk_already_holds_nothing_up() -> None:
    assert order(migration("a", "elsewhere")) == ["a"]


def test_a_circle_ends() -> None:
    """Django splits circles itself; should one come, no draft is lost and the gate refuses it."""
    found = order(migration("a", "b"), migration("b", "a"), migration("c"))
    assert sorted(found) == ["a", "b", "c"]
