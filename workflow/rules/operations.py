"""All operations of one migration, nested ones included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration, Operation

HOLDERS = frozenset({"SeparateDatabaseAndState", "RunSQL"})


class Placed(NamedTuple):
    """An operation with the index of the outermost one that holds it."""

    operation: Operation
    place: int


def run_by(migration: Migration) -> Iterator[Placed]:
    """Yield the operations that the database certainly sees, in order."""
    if migration.header.alters_state is not False:
        return
    for outermost in migration.operations:
        todo = [outermost]
        while todo:
            operation = todo.pop()
            if operation.certain:
                yield Placed(operation, outermost.position)
                todo += reversed(operation.database_operations)
