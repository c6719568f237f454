"""Which models and fields exist at a point of the history, by replaying operations.

Three-valued: ``None`` is "certainly not there", ``UNKNOWN`` is "cannot be told".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workflow.history.fields import Field
    from workflow.history.graph import Graph
    from workflow.history.model import History, Migration, MigrationKey, Operation
    from workflow.history.values import Call, Unknown, Value


class Origin(NamedTuple):
    """Which operation made a thing. ``operation`` is the index of the outermost one."""

    migration: MigrationKey
    operation: int
    line: int


class Model(NamedTuple):
    """A model at one point. Never changed: the next point has a new one.

    ``fields`` by name as written, in order. ``indexes`` and ``constraints`` by name, with the
    expression that made them. ``options`` as in ``Meta``, indexes and constraints apart.
    ``bases``: ``"app.model"`` in lower case for models, dotted paths for other classes.
    ``closed``: whether these are certainly all its fields, indexes and constraints.
    ``unsure``: names of fields, indexes and constraints that may be gone or different.
    ``swappable``: the setting that may replace it. ``proxy`` has no table of its own.
    """

    app: str
    name: str
    fields: Mapping[str, Field]
    options: Mapping[str | Unknown, Value]
    bases: tuple[str | Unknown, ...]
    indexes: Mapping[str, Call | None]
    constraints: Mapping[str, Call | None]
    origin: Origin
    origins: Mapping[str, Origin]
    closed: bool = True
    unsure: frozenset[str] = frozenset()

    def field(self, name: str) -> Field | Unknown | None:
        """Return the field, ``None`` where there certainly is none, else ``UNKNOWN``."""
        raise NotImplementedError


class State:
    """All models at one point. Only the replay changes it: copy it to keep it."""

    def model(self, app: str, name: str) -> Model | Unknown | None:
        """Return a model whatever its case, ``None`` where there certainly is none.

        Models of external apps are ``UNKNOWN``.
        """
        raise NotImplementedError

    def models(self, app: str | None = None) -> Iterator[Model]:
        """Yield the models that are there, or of one app."""
        raise NotImplementedError

    def copy(self) -> State:
        """Return a state that later steps of the replay do not change."""
        raise NotImplementedError


class Step(NamedTuple):
    """One operation on its way, with the state right before it.

    ``operation`` may be nested: those of ``state_operations`` come each on its own, after
    the ``SeparateDatabaseAndState`` or ``RunSQL`` that holds them, with ``parent`` set.
    ``before`` is live: it is right only until the next step.
    """

    migration: Migration
    operation: Operation
    parent: Operation | None
    before: State


def replay(
    history: History, graph: Graph, targets: Iterable[MigrationKey] | None = None
) -> Iterator[Step]:
    """Yield every operation in the order in which Django would apply it to nothing."""
    raise NotImplementedError


def state_after(history: History, graph: Graph, *targets: MigrationKey) -> State:
    """Return the state once these and all they depend on are applied; all without targets."""
    raise NotImplementedError
