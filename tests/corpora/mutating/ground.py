"""A healthy history, and the places in it where a fault can certainly be seen."""

from __future__ import annotations

import ast
import random
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tests.corpora.mutating.source import Source
from workflow.history.reading import read_history
from workflow.history.state import Model, replay, state_after
from workflow.rules import check
from workflow.rules.context import Context
from workflow.rules.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from workflow.history.model import History, Migration, MigrationKey, Operation
    from workflow.outcome import Finding

T = TypeVar("T")


class Mutant(NamedTuple):
    """A broken history: the files that differ, and where the finding must point.

    ``exact`` is false where a fault lies between several files: then the finding must name
    this place in its data.
    """

    changes: Mapping[str, str | None]
    path: str
    line: int | None
    exact: bool = True


class Place(NamedTuple):
    """An operation that stands in a list of its migration, with the model before it."""

    migration: Migration
    operation: Operation
    model: Model | None
    is_open: bool

    @property
    def app(self) -> str:
        return self.migration.key.app


class Ground:
    """One project. ``cache`` is a folder that spares the time of reading it again."""

    def __init__(self, project: Path, seed: int, cache: Path | None = None) -> None:
        self.project = project
        self._cache = cache
        self.history = self._read({})
        self.context = Context(self.history)
        self.context.graph = self.history.full
        self.random = random.Random(seed)

    @cached_property
    def baseline(self) -> set[tuple[object, ...]]:
        """What is found in the healthy history already."""
        return {_identity(finding) for finding in check(self.history)}

    def found(self, mutant: Mutant, vendor: str | None) -> list[Finding]:
        """Return what is new in a mutant."""
        findings = check(self._read(mutant.changes), vendor=vendor)
        return [finding for finding in findings if _identity(finding) not in self.baseline]

    def _read(self, changes: Mapping[str, str | None]) -> History:
        """Read the project with these files changed; what did not change is remembered."""
        overlay = {Path(path): text for path, text in changes.items()}
        return read_history(self.project, overlay=overlay, cache=self._cache)

    def shuffled(self, things: Iterable[T]) -> list[T]:
        every = list(things)
        self.random.shuffle(every)
        return every

    def text(self, path: str) -> str:
        return (self.project / path).read_bytes().decode()

    def source(self, path: str) -> Source | None:
        """Return a file that this Python can parse, else nothing."""
        try:
            source = Source(self.text(path))
            assert source.tree
        except (SyntaxError, UnicodeDecodeError):
            return None
        return source

    @cached_property
    def migrations(self) -> list[Migration]:
        """Migrations of apps about whose graph everything is known."""
        doubtful = self.history.full.open_apps | self.history.fresh.open_apps
        return [
            migration
            for key, migration in self.history.migrations.items()
            if key.app not in doubtful | self.context.unsettled_apps
            and self.history.apps[key.app].in_project
            and migration.problem is None
            and key in self.history.full.parents
        ]

    @cached_property
    def places(self) -> list[Place]:
        """Operations that a rule can judge."""
        found = []
        for step in replay(self.history, self.history.full):
            if (
                step.parent is None
                and step.operation.certain
                and isinstance(step.operation.kind, str)
                and self.context.judges(step.migration)
            ):
                app = step.migration.key.app
                found.append(
                    Place(
                        step.migration, step.operation, Sight(step).model, step.before.is_open(app)
                    )
                )
        return found

    def placed(self, *kinds: str) -> list[Place]:
        return self.shuffled(place for place in self.places if place.operation.kind in kinds)

    def calls(self, *kinds: str) -> Iterator[tuple[Place, Source, ast.Call]]:
        """Yield operations of these kinds in random order, with the text that makes them."""
        for place in self.placed(*kinds):
            source = self.source(place.migration.path)
            operations = source.assigned("operations") if source else None
            for node in operations.elts if operations else ():
                if source and isinstance(node, ast.Call) and node.lineno == place.operation.line:
                    yield place, source, node
                    break

    @cached_property
    def models(self) -> list[Model]:
        """Models that certainly are there in the end, of apps that can be built upon."""
        state = state_after(self.history, self.history.full)
        return [
            model
            for model in state.models()
            if model.app in self.leaves
            and model.closed
            and not state.is_open(model.app)
            and model.option("managed", default=True) is True
            and model.proxy is False
        ]

    @cached_property
    def leaves(self) -> dict[str, MigrationKey]:
        """The one leaf node of each app."""
        apps = {migration.key.app for migration in self.migrations}
        leaves = {app: self.history.full.leaves(app) for app in sorted(apps)}
        return {app: keys[0] for app, keys in leaves.items() if len(keys) == 1}

    def path(self, app: str, name: str) -> str:
        return f"{self.history.apps[app].path}/{name}.py"

    def next_name(self, app: str, what: str = "mutant", ahead: int = 1) -> str:
        numbers = [name[:4] for name in self.history.apps[app].migrations if name[:4].isdigit()]
        return f"{int(max(numbers, default='0000')) + ahead:04d}_{what}"

    def new_leaf(self, app: str, *operations: str, head: str = "") -> tuple[str, str]:
        """Return path and text of a migration after the leaf node. Its operations begin at 8."""
        after = repr(tuple(self.leaves[app]))
        path = self.path(app, self.next_name(app))
        return path, migration_text(after, *operations, head=head)


FIRST_OPERATION = 8


def migration_text(dependencies: str, *operations: str, head: str = "") -> str:
    return "\n".join(
        [
            f"import uuid; from django.db import migrations, models; {head}",
            "",
            "",
            "class Migration(migrations.Migration):",
            f"    dependencies = [{dependencies}]",
            "",
            "    operations = [",
            *[f"        {operation}," for operation in operations],
            "    ]",
            "",
        ]
    )


class Kind(NamedTuple):
    """One way to break a history."""

    name: str
    code: str
    vendor: str | None
    make: Callable[[Ground], Iterator[Mutant]]


KINDS: list[Kind] = []


def kind(
    name: str, code: str, vendor: str | None = None
) -> Callable[[Callable[[Ground], Iterator[Mutant]]], Callable[[Ground], Iterator[Mutant]]]:
    """Register a way to break a history."""

    def register(
        make: Callable[[Ground], Iterator[Mutant]],
    ) -> Callable[[Ground], Iterator[Mutant]]:
        KINDS.append(Kind(name, code, vendor, make))
        return make

    return register


def _identity(finding: Finding) -> tuple[object, ...]:
    return finding.code, finding.path, finding.line, finding.message
