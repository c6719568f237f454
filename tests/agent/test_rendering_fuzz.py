"""Whatever the history: each statement, what code sees, and what is left are as with Django.

The quick part. ``tests/fuzz`` has the long one: ``nox -s fuzz-rendering``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.rendering.comparing import IN_MEMORY, difference
from tests.fuzz.rendering.contrib import project
from tests.fuzz.rendering.story import story
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

SEEDS = [0, 1, 2, 3, 5, 6, 8, 9, 11, 14, 16, 18, 19]
"""Those that Django runs to their end, whatever its version.

Of some others, such as 1044, it depends on the order of a set which statements Django leaves out.
"""

SEEDS_ON_SERVERS = range(14, 17)


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    with project():
        yield


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_as_with_django(seed: int) -> None:
    one = story(seed)
    differs, expected = difference(IN_MEMORY, one)
    assert not differs, f"{one}\n{differs}"
    assert not expected.failure


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("seed", SEEDS_ON_SERVERS)
def test_it_is_as_with_django_on_servers(database_url: str, seed: int) -> None:
    one = story(seed)
    differs, _ = difference(database_url, one)
    assert not differs, f"{one}\n{differs}"


def test_a_history_is_the_same_twice() -> None:
    assert [str(story(seed)) for seed in range(2)] == [str(story(seed)) for seed in range(2)]
