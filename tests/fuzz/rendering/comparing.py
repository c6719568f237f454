"""Compares what a history does with Django's executor and with ours."""

from __future__ import annotations

import itertools
from pprint import pformat
from typing import TYPE_CHECKING, Any

import tests.agent.conftest  # noqa: F401 - the agent's modules, and Django's settings

# isort: split
from _migration_workflow_agent.backwards import Backwards
from _migration_workflow_agent.rendering import Executor
from django.db.migrations.executor import MigrationExecutor

from tests.agent.engines import connected
from tests.fuzz.rendering.runs import Outcome, Run, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.migrations.state import ProjectState

    from tests.fuzz.rendering.story import Story

IN_MEMORY = "sqlite:///:memory:"


def described(state: ProjectState) -> Any:
    """Return what the models of a state are, in no order, as ``migrate`` has them in the end."""
    state.clear_delayed_apps_cache()
    return {
        model._meta.label: sorted(
            f"{one.name} {type(one).__name__} {getattr(one.related_model, '_meta', '')}"
            for one in model._meta.get_fields(include_hidden=True)
        )
        for model in state.apps.get_models(include_auto_created=True, include_swapped=True)
    }


def difference(url: str, story: Story) -> tuple[str, Outcome]:
    """Return what is not as with Django, or nothing, and what Django did."""
    outcomes = []
    for kinds in ((MigrationExecutor, MigrationExecutor), (Executor, Backwards)):
        with connected(url) as connection:
            assert connection.features.supports_json_field  # asks once, with statements
            outcomes.append(Run(connection, kinds, story).run())
            connection.connection.close()  # Django leaves one in memory open
    return "\n".join(_differences(*outcomes)), outcomes[0]


def _differences(expected: Outcome, found: Outcome) -> Iterator[str]:
    if expected.failure != found.failure:
        yield f"failure: {expected.failure!r}, not {found.failure!r}"
    yield from _first("did", list(told(expected.parts)), list(told(found.parts)))
    yield from _first("code saw", expected.seen, found.seen)
    if expected.left != found.left:
        yield f"the schema is {expected.left}, not {found.left}"
    if expected.rows != found.rows:
        yield f"the rows are {expected.rows}, not {found.rows}"
    for plain, state in zip(expected.states, found.states, strict=False):
        if plain != state or state != plain:
            yield "the states differ"
        elif described(plain) != described(state):
            yield f"the models are {described(plain)}, not {described(state)}"


def _first(what: str, some: list[Any], others: list[Any]) -> Iterator[str]:
    """Return the first that two lists differ in."""
    nothing = [None]
    for one, other in itertools.zip_longest(some, others, fillvalue=nothing):
        if one != other:
            yield f"Django {what}\n{_lines(one)}\nand here {what}\n{_lines(other)}"
            return


def _lines(value: Any) -> str:
    return "\n".join(f"    {line}" for line in pformat(value, width=160).splitlines())


def shortened(story: Story, still: Callable[[Story], bool]) -> Story:
    """Return the history without all that takes no part in what is still so."""
    for candidate in story.shorter():
        if still(candidate):
            return shortened(candidate, still)
    return story
