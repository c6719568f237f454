"""Runs random histories with Django's executor and with ours, and compares: seed after seed.

    python -m tests.fuzz.rendered FIRST COUNT [URL]

Whatever differs is printed as a history that is as short as it can be made. URL is an empty
database, in memory unless it is told.
"""

from __future__ import annotations

import itertools
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pprint import pformat
from types import SimpleNamespace
from typing import Any
from unittest import mock

import tests.agent.conftest  # noqa: F401 - the agent's modules, and Django's settings

# isort: split
from _migration_workflow_agent.backwards import Backwards
from _migration_workflow_agent.fingerprint import fingerprint
from _migration_workflow_agent.rendering import Executor
from django.apps import apps as installed
from django.db import migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ProjectState, StateApps
from django.test.utils import override_settings

from tests.agent.engines import connected
from tests.fuzz.histories import History, evaluated, history
from tests.fuzz.orm import NAMES, Hands, contrib

IN_MEMORY = "sqlite:///:memory:"

PROJECT = {
    "INSTALLED_APPS": [
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.admin.apps.SimpleAdminConfig",
        "django.contrib.sites",
        "tests.fuzz.people",
    ]
}

MANY_WAYS = ("AlterField", "RenameField", "RenameModel")
"""Where Django goes through what refers to a model in no certain order."""


@contextmanager
def project() -> Iterator[None]:
    """Have Django's own apps installed, with a user model of the project's."""
    with override_settings(AUTH_USER_MODEL="people.User"), override_settings(**PROJECT):
        yield


@dataclass
class Part:
    """What one operation did. In ``any_order``, its statements have no certain order."""

    of: str
    any_order: bool = False
    did: list[Any] = field(default_factory=list)

    def told(self) -> tuple[str, list[Any]]:
        """Return it in a form that can be compared."""
        return self.of, sorted(self.did) if self.any_order else self.did


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

    def __init__(self, connection: Any, kinds: tuple[Any, Any], story: History) -> None:
        self.connection = connection
        self.story = story
        self.outcome = Outcome()
        hands = Hands()
        self.outcome.seen = hands.seen
        self.names = {"make": hands.make, "saw": hands.saw}
        self.steps = list(self._migrations())
        self.forwards, self.backwards = (self._executor(kind) for kind in kinds)

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
            self.connection.connection.rollback()
            self.connection.connect()

    def _migrations(self) -> Iterator[Any]:
        names = dict(self.names)
        for text in self.story.code.values():
            scope = {**NAMES, **self.names}
            exec(text, scope)
            names |= {key: scope[key] for key in self.story.code if key in scope}
        for number, step in enumerate(self.story.steps, 1):
            own: Any = migrations.Migration(f"{number:04}_step", step.app)
            own.operations = [evaluated(text, names) for text in step.operations]
            for migration in contrib(step.app) if step.contrib else [own]:
                self._announce(migration)
                yield migration

    def _announce(self, migration: Any) -> None:
        """Tell each operation of a migration from the next, and from what is left to its end."""
        any_order = any(map(_in_any_order, migration.operations))
        for operation in migration.operations:
            for way in ("database_forwards", "database_backwards"):
                told = f"{migration.app_label} {migration.name} {way} {operation.describe()}"
                setattr(operation, way, self._announced(operation, way, told, any_order))

    def _announced(self, operation: Any, way: str, told: str, any_order: bool) -> Any:
        do, parts = getattr(operation, way), self.outcome.parts

        def announced(*args: Any, **more: Any) -> Any:
            parts.append(Part(told, _in_any_order(operation)))
            if isinstance(operation, RunPython) and way == "database_backwards":
                _make_anew(args[2])
            done = do(*args, **more)
            parts.append(Part(f"{told}: after", any_order))
            return done

        return announced

    def _executor(self, kind: Any) -> Any:
        executor = kind.__new__(kind)
        executor.connection = self.connection
        executor.progress_callback = None
        nothing = lambda *_: None  # noqa: E731 - it would note the time
        executor.recorder = SimpleNamespace(record_applied=nothing, record_unapplied=nothing)
        nodes = {(migration.app_label, migration.name): migration for migration in self.steps}
        executor.loader = SimpleNamespace(
            graph=SimpleNamespace(nodes=nodes),
            applied_migrations=nodes,
            unmigrated_apps=set(self.story.unmigrated),
            replace_migrations=False,
        )
        return executor

    def _go_back(self) -> ProjectState:
        plan = [(migration, True) for migration in reversed(self.steps[-self.story.back :])]
        full = [(migration, False) for migration in self.steps]
        state: ProjectState = self.backwards._migrate_all_backwards(plan, full, fake=False)
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
            parts[-1].did.append((re.sub(r'"s\d+_x\d+"', "savepoint", str(sql)), str(params)))
            return execute(sql, params, many, context)

        settled = mock.patch.object(ProjectState, "clear_delayed_apps_cache", _settled)
        with self.connection.execute_wrapper(note), settled:
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


def difference(url: str, story: History) -> tuple[str, Outcome]:
    """Return what is not as with Django, or nothing, and what Django did."""
    outcomes = []
    for kinds in ((MigrationExecutor, MigrationExecutor), (Executor, Backwards)):
        with connected(url) as connection:
            assert connection.features.supports_json_field  # asks once, with statements
            outcomes.append(Run(connection, kinds, story).run())
    return "\n".join(_differences(*outcomes)), outcomes[0]


def _differences(expected: Outcome, found: Outcome) -> Iterator[str]:
    if expected.failure != found.failure:
        yield f"failure: {expected.failure!r}, not {found.failure!r}"
    yield from _first(
        "did", [one.told() for one in expected.parts], [one.told() for one in found.parts]
    )
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


def _lines(told: Any) -> str:
    return "\n".join(f"    {line}" for line in pformat(told, width=160).splitlines())


def shortened(story: History, still: Callable[[History], bool]) -> History:
    """Return the history without whatever it takes no part of for what is still so."""
    shorter = True
    while shorter:
        shorter = False
        for candidate in list(_shorter(story)):
            if still(candidate):
                story, shorter = candidate, True
                break
    return story


def _shorter(story: History) -> Iterator[History]:
    for number in reversed(range(len(story.steps))):
        yield story.without(number)
    for number in reversed(range(len(story.steps))):
        for operation in range(len(story.steps[number].operations)):
            yield story.without(number, operation)


def main(words: Sequence[str]) -> int:
    """Run the seeds; return 1 where anything differs."""
    first, count = map(int, words[:2])
    url = words[2] if len(words) > 2 else IN_MEMORY
    numbers: Counter[str] = Counter()
    began = time.monotonic()
    with project():
        for seed in range(first, first + count):
            story = history(seed)
            try:
                differs, expected = difference(url, story)
            except Exception:  # noqa: BLE001 - the other seeds are run nevertheless
                differs, expected = traceback.format_exc(), Outcome()
            numbers["histories"] += 1
            numbers["operations"] += sum(len(step.operations) for step in story.steps)
            numbers["statements"] += sum(len(part.did) for part in expected.parts)
            numbers["seen by code"] += len(expected.seen)
            numbers["went back"] += len(expected.states) == 2
            if expected.failure:
                numbers["failed with Django"] += 1
                numbers[f"  {expected.failure[:60]}"] += 1
            if differs:
                numbers["differ"] += 1

                def still(candidate: History) -> bool:
                    differs, expected = difference(url, candidate)
                    return bool(differs) and not expected.failure

                short = story if expected.failure else shortened(story, still)
                _print(str(short), difference(url, short)[0] or differs)
    for name, number in numbers.items():
        _print(f"{number:8} {name}")
    _print(f"{time.monotonic() - began:.1f} s")
    return int(bool(numbers["differ"]))


def _print(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - a program's output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
