"""Which models and fields exist at a point of the history, by replaying its operations.

What exists is data of :mod:`workflow.history.schema`, at hand here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workflow.history.changes import Change
from workflow.history.schema import Model, Origin, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workflow.history.graph import Graph
    from workflow.history.model import History, Migration, MigrationKey, Operation

__all__ = ["Model", "Origin", "State", "Step", "replay", "state_after"]


class Step(NamedTuple):
    """One operation on its way, with the state right before it.

    ``operation`` may be nested: those of ``state_operations`` come each on its own, after
    the ``SeparateDatabaseAndState`` or ``RunSQL`` that holds them; ``parent`` is then the
    outermost of these. ``before`` is live: it is right only until the next step, and after
    the last step it is the state at the end.
    """

    migration: Migration
    operation: Operation
    parent: Operation | None
    before: State


def replay(
    history: History, graph: Graph, targets: Iterable[MigrationKey] | None = None
) -> Iterator[Step]:
    """Yield every operation in the order in which Django would apply it to nothing."""
    yield from _run(history, graph.plan(targets), State(history.is_external))


def state_after(history: History, graph: Graph, *targets: MigrationKey) -> State:
    """Return the state once these and all they depend on are applied; all without targets."""
    state = State(history.is_external)
    for _ in _run(history, graph.plan(targets or None), state):
        pass
    return state


def _run(history: History, plan: Iterable[MigrationKey], state: State) -> Iterator[Step]:
    for key in plan:
        migration = history.migrations[key]
        if migration.header.alters_state is not False:
            state.blur(key.app)
        for operation in migration.operations:
            yield from _steps(migration, operation, state)
        if migration.header.alters_state is not False:
            state.blur(key.app)


def _steps(migration: Migration, outermost: Operation, state: State) -> Iterator[Step]:
    key = migration.key
    todo = [outermost]
    while todo:
        operation = todo.pop()
        parent = None if operation is outermost else outermost
        yield Step(migration, operation, parent, state)
        origin = Origin(key, outermost.position, operation.line)
        Change(state, key.app, operation, origin).apply()
        nested = operation.state_operations
        if not operation.certain:
            nested = tuple([inner._replace(certain=False) for inner in nested])
        todo += reversed(nested)
