"""Runs a history on a database, and remembers what it did and left."""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

from _migration_workflow_agent.fingerprint import fingerprint
from django.apps import apps as installed
from django.db import migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ProjectState, StateApps

from tests.fuzz.rendering.contrib import migrations_of
from tests.fuzz.rendering.hands import Hands
from tests.fuzz.rendering.known import index_together_is_allowed
from tests.fuzz.rendering.names import NAMES, evaluated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.rendering.story import Story

MANY_WAYS = ("AlterField", "RenameField", "RenameModel")
"""Where Django goes through what refers to a model in no certain order."""


@dataclass
class Part:
    """What one operation did, or what came between two."""

    of: str
    migration: str = ""
    any_order: bool = False
    """Whether its statements have no certain order."""
    is_code: bool = False
    did: list[Any] = field(default_factory=list)


def told(parts: list[Part]) -> Iterator[tuple[str, list[Any]]]:
    """Yield what was done in a form that can be compared.

    What an operation leaves for later may be done by any that follows it in the same migration.
    So those that follow one without a certain order have none either, apart from code.
    """
    for name, some in itertools.groupby(parts, lambda part: part.migration):
        of_migration = list(some)
        certain = list(itertools.takewhile(lambda part: not part.any_order, of_migration))
        rest = of_migration[len(certain) :]
        for part in [*certain, *(part for part in rest if part.is_code)]:
            yield part.of, part.did
        if rest:
            yield name, sorted(one for part in rest if not part.is_code for one in part.did)


@dataclass
class Outcome:
    """What a run did and left."""

    parts: list[Part] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)
    failure: str = ""
    left: Any = None
    rows: dict[str, Any] = field(default_factory=dict)
    states: list[ProjectState] = field(default_factory=list)


class Run:
    """One run of a history on an empty database, which is empty again afterwards."""

    def __init__(self, connection: Any, kinds: tuple[Any, Any], story: Story) -> None:
        self.connection = connection
        self.story = story
        self.outcome = Outcome()
        hands = Hands()
        self.outcome.seen = hands.seen
        self.names = {"make": hands.make, "saw": hands.saw}
        self.steps, self.steps_again = list(self._migrations()), list(self._migrations())
        self.forwards = self._executor(kinds[0], self.steps)
        self.backwards = self._executor(kinds[1], self.steps_again)

    def run(self) -> Outcome:
        """Run it forwards, and backwards as far as it says."""
        outcome = self.outcome
        with self._noted():
            try:
                self._make_unmigrated()
                state = self.forwards._create_project_state()
                assert state.apps
                for migration in self.steps:
                    state = self.forwards.apply_migration(state, migration)
                outcome.states.append(state)
                if self.story.back:
                    outcome.states.append(self._go_back())
            except Exception as error:  # noqa: BLE001 - Django's errors are to be the same
                outcome.failure = f"{type(error).__name__}: {error}"
                if outcome.parts and outcome.parts[-1].any_order:
                    outcome.failure = type(error).__name__
                    outcome.parts[-1].did.clear()
                self._recover()
        outcome.left = fingerprint(self.connection)
        outcome.rows = self._rows()
        self._empty()
        return outcome

    def _recover(self) -> None:
        """Begin anew where Django leaves its transaction open: on SQLite, if code failed in it."""
        if self.connection.in_atomic_block:
            before = self.connection.connection
            before.rollback()
            self.connection.connect()
            before.close()

    def _migrations(self) -> Iterator[Any]:
        names = dict(self.names)
        for text in self.story.code.values():
            scope = {**NAMES, **self.names}
            exec(text, scope)
            names |= {key: scope[key] for key in self.story.code if key in scope}
        for number, step in enumerate(self.story.steps, 1):
            own: Any = migrations.Migration(f"{number:04}_step", step.app)
            own.operations = [evaluated(text, names) for text in step.operations]
            for migration in migrations_of(step.app) if step.contrib else [own]:
                self._announce(migration)
                yield migration

    def _announce(self, migration: Any) -> None:
        """Tell each operation of a migration from the next, and from what is left to its end."""
        for operation in migration.operations:
            for way in ("database_forwards", "database_backwards"):
                name = f"{migration.app_label} {migration.name} {way}"
                setattr(operation, way, self._announced(operation, way, name))

    def _announced(self, operation: Any, way: str, name: str) -> Any:
        do, parts = getattr(operation, way), self.outcome.parts
        is_code = isinstance(operation, RunPython)

        def announced(*args: Any, **more: Any) -> Any:
            what = operation.describe()
            parts.append(Part(f"{name} {what}", name, _in_any_order(operation), is_code))
            if is_code and way == "database_backwards":
                _make_anew(args[2])
            done = do(*args, **more)
            parts.append(Part(f"{name} after {what}", name))
            return done

        return announced

    def _executor(self, kind: Any, steps: list[Any]) -> Any:
        executor = kind.__new__(kind)
        executor.connection = self.connection
        executor.progress_callback = None
        nothing = lambda *_: None  # noqa: E731 - it would note the time
        executor.recorder = SimpleNamespace(record_applied=nothing, record_unapplied=nothing)
        nodes = {(migration.app_label, migration.name): migration for migration in steps}
        executor.loader = SimpleNamespace(
            graph=SimpleNamespace(nodes=nodes),
            applied_migrations=nodes,
            disk_migrations=nodes,
            unmigrated_apps=set(self.story.unmigrated),
            replace_migrations=False,
        )
        return executor

    def _go_back(self) -> ProjectState:
        """Take migrations back as another process does, whose operations are as they are written.

        Django renames a field within those that refer to it, which the operations have too. So
        its state afterwards refers to a name that is no longer there: it is made anew here.
        """
        count = len(self.steps_again) - self.story.back
        plan = [(migration, True) for migration in reversed(self.steps_again[count:])]
        full = [(migration, False) for migration in self.steps_again]
        state: ProjectState = self.backwards._migrate_all_backwards(plan, full, fake=False)
        if type(self.backwards) is MigrationExecutor:
            state = ProjectState(real_apps=set(self.story.unmigrated))
            for migration in list(self._migrations())[:count]:
                state = migration.mutate_state(state, preserve=False)
        return state

    def _make_unmigrated(self) -> None:
        with self.connection.schema_editor() as editor:
            for label in self.story.unmigrated:
                for model in installed.get_app_config(label).get_models():
                    editor.create_model(model)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        parts = self.outcome.parts
        parts.append(Part("before"))

        def note(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            parts[-1].did.append((re.sub(r'"s\d+_x\d+"', "savepoint", str(sql)), str(params or ())))
            return execute(sql, params, many, context)

        settled = mock.patch.object(ProjectState, "clear_delayed_apps_cache", _settled)
        with self.connection.execute_wrapper(note), settled, index_together_is_allowed():
            yield

    def _rows(self) -> dict[str, Any]:
        found = {}
        with self.connection.cursor() as cursor:
            for table in self.connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {self.connection.ops.quote_name(table)}")
                names = [column[0] for column in cursor.description]
                found[table] = (names, sorted(map(repr, cursor.fetchall())))
        return found

    def _empty(self) -> None:
        connection = self.connection
        with connection.constraint_checks_disabled(), connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cascade = " CASCADE" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}{cascade}")


def _in_any_order(operation: Any) -> bool:
    within = getattr(operation, "database_operations", ())
    return type(operation).__name__ in MANY_WAYS or any(map(_in_any_order, within))


_clear = ProjectState.clear_delayed_apps_cache


def _settled(state: ProjectState) -> None:
    """Give code the models in the order in which they would be made anew.

    Django makes some of them anew after each operation, in the order of a set.
    """
    _clear(state)
    if "apps" not in state.__dict__:
        return
    anew = StateApps(list(state.real_apps), state.models)
    made = [model for models in state.apps.all_models.values() for model in models.values()]
    for apps in {state.apps, *(model._meta.apps for model in made)}:
        _put_in_order(apps.app_configs, anew.app_configs)
        for label, models in anew.all_models.items():
            _put_in_order(apps.all_models[label], models)
            _put_in_order(apps.app_configs[label].models, models)
        apps.clear_cache()


def _make_anew(state: ProjectState) -> None:
    """Give code on the way back models that are made anew, if the state is one of Django's.

    Before Django takes anything back it goes through all states, which share classes. These keep
    to one of those states, and may lead to models of it that are gone in the state of the code.
    """
    if type(state) is ProjectState:
        state.__dict__.pop("apps", None)


def _put_in_order(some: dict[str, Any], like: dict[str, Any]) -> None:
    for key in [*(key for key in like if key in some), *(key for key in some if key not in like)]:
        some[key] = some.pop(key)
