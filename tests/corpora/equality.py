"""Compares a history that was read statically with what Django's own loader says.

``differences(answer, project)`` takes the JSON that :mod:`ask_django` printed inside the
project's environment. As a program: ``python -m tests.corpora.equality ANSWER.json PROJECT``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workflow.history.fields import Field
from workflow.history.model import History, MigrationKey
from workflow.history.reading import read_history
from workflow.history.state import Model, state_after
from workflow.history.values import UNKNOWN, Ref, is_known

Answer = dict[str, Any]


def installed_folders(answer: Answer) -> dict[str, Path]:
    """Return the migrations folder of every app that has one."""
    return {
        label: Path(app["migrations"])
        for label, app in answer["apps"].items()
        if app["migrations"] and label not in answer["unmigrated"]
    }


def read_beside(answer: Answer, project: Path) -> History:
    """Read the project with every app of its environment."""
    return read_history(project, installed=installed_folders(answer))


def differences(answer: Answer, history: History) -> Iterator[str]:
    """Yield one line for each way in which the history is not Django's."""
    yield from _labels(answer, history)
    yield from _nodes(answer, history)
    yield from _edges(answer, history)
    yield from _plan(answer, history)
    yield from _models(answer, history)


def _labels(answer: Answer, history: History) -> Iterator[str]:
    for label, folder in installed_folders(answer).items():
        app = history.apps.get(label)
        if app is None:
            yield f"label {label}: not found"
        elif (history.project / app.path).resolve() != folder.resolve():
            yield f"label {label}: {app.path} for {folder}"


def _nodes(answer: Answer, history: History) -> Iterator[str]:
    theirs = {MigrationKey(*node) for node in answer["nodes"]}
    ours = {key for key in history.fresh.parents if key.app in answer["apps"]}
    yield from (f"node {key}: only Django's" for key in sorted(theirs - ours))
    yield from (f"node {key}: only ours" for key in sorted(ours - theirs))
    theirs = {MigrationKey(*node) for node in answer["full_nodes"]}
    ours = {key for key in history.migrations if key.app in answer["apps"]}
    yield from (f"full node {key}: only Django's" for key in sorted(theirs - ours))
    yield from (f"full node {key}: only ours" for key in sorted(ours - theirs))


def _edges(answer: Answer, history: History) -> Iterator[str]:
    theirs = {(MigrationKey(*child), MigrationKey(*parent)) for child, parent in answer["edges"]}
    ours = {
        (child, parent)
        for child, parents in history.fresh.parents.items()
        for parent in parents
        if child.app in answer["apps"] and parent.app in answer["apps"]
    }
    unknown = {key for key, migration in history.migrations.items() if not _complete(migration)}
    for child, parent in sorted(theirs - ours):
        if child not in unknown:
            yield f"edge {child} -> {parent}: only Django's"
    yield from (f"edge {child} -> {parent}: only ours" for child, parent in sorted(ours - theirs))
    leaves = {leaf for leaf in history.fresh.all_leaves() if leaf.app in answer["apps"]}
    for leaf in sorted(leaves ^ {MigrationKey(*leaf) for leaf in answer["leaves"]}):
        if leaf.app not in history.fresh.open_apps:
            yield f"leaf {leaf}"


def _plan(answer: Answer, history: History) -> Iterator[str]:
    theirs = [MigrationKey(*step) for step in answer["plan"]]
    if not all(map(_complete, history.migrations.values())):
        return  # an edge that is not known may change the order
    targets = [MigrationKey(*leaf) for leaf in answer["leaves"]]
    if list(history.fresh.plan(targets)) != theirs:
        yield "the plan"


def _complete(migration: Any) -> bool:
    header = migration.header
    return all(
        part.complete and all(item.certain and item.key for item in part.items)
        for part in (header.dependencies, header.run_before, header.replaces)
    )


def _models(answer: Answer, history: History) -> Iterator[str]:
    state = state_after(history, history.fresh)
    theirs: dict[tuple[str, str], Any] = {
        (label, name): row
        for label, _, name in (key.partition(".") for key in answer["models"])
        if label not in answer["unmigrated"]
        for row in [answer["models"][f"{label}.{name}"]]
    }
    ours = {model.key: model for model in state.models() if model.app in answer["apps"]}
    for key in sorted(theirs.keys() - ours.keys()):
        if state.model(*key) is not UNKNOWN:
            yield f"model {key}: only Django's"
    yield from (f"model {key}: only ours" for key in sorted(ours.keys() - theirs.keys()))
    for key in sorted(ours.keys() & theirs.keys()):
        for line in _model(ours[key], theirs[key]):
            yield f"model {'.'.join(key)}: {line}"


def _model(ours: Model, theirs: dict[str, Any]) -> Iterator[str]:
    if ours.name != theirs["name"]:
        yield f"is called {ours.name}"
    for name in sorted(theirs["fields"].keys() ^ ours.fields.keys()):
        if name not in ours.unsure and (name in ours.fields or ours.closed):
            yield f"field {name}: only {'ours' if name in ours.fields else 'theirs'}"
    if ours.closed and list(theirs["fields"]) != list(ours.fields) and not ours.unsure:
        yield "the order of its fields"
    for name, row in theirs["fields"].items():
        field = ours.field(name)
        if isinstance(field, Field):
            yield from (f"field {name}: {line}" for line in _field(field, row))
    yield from _options(ours, theirs)


def _field(ours: Field, theirs: dict[str, Any]) -> Iterator[str]:
    kwargs = theirs["kwargs"]
    own = theirs["path"].rpartition(".")[2]
    if isinstance(ours.kind, str) and ours.kind != own:
        yield f"{ours.kind} for {theirs['path']}"
    if isinstance(ours.kind, str) and ours.null is not bool(kwargs.get("null", False)):
        yield f"null {ours.null}"
    if "default" not in kwargs and ours.kind != "GeneratedField" and ours.has("default") is True:
        yield "has a default"
    if "default" in kwargs and ours.has("default") is False:
        yield "has no default"
    for name, value in kwargs.items():
        own_value = ours.argument(name, _MISSING)
        if isinstance(ours.kind, str) and own_value == _MISSING and name in _ALWAYS:
            yield f"{name} is missing"
        exact = isinstance(own_value, str | int | bool) and isinstance(value, str | int | bool)
        if exact and value not in {"<object>", "<lazy>"} and not _alike(name, own_value, value):
            yield f"{name}={own_value!r} for {value!r}"


def _alike(name: str, ours: Any, theirs: Any) -> bool:
    if name in {"to", "through"}:  # Django writes some references in lower case
        return str(ours).lower() == str(theirs).lower()
    return str(ours) == str(theirs)


_MISSING = Ref("missing")
_ALWAYS = {"max_length", "to", "null", "unique", "to_field", "db_column", "primary_key"}


def _options(ours: Model, theirs: dict[str, Any]) -> Iterator[str]:
    if ours.closed and not ours.unsure:
        if sorted(ours.indexes) != sorted(set(theirs["indexes"])):
            yield f"indexes {sorted(ours.indexes)} for {theirs['indexes']}"
        if sorted(ours.constraints) != theirs["constraints"]:
            yield f"constraints {sorted(ours.constraints)} for {theirs['constraints']}"
    table = ours.option("db_table", default=None)
    if table is not UNKNOWN and (table or None) != (theirs["db_table"] or None):
        yield f"db_table {table!r} for {theirs['db_table']}"
    together = ours.option("unique_together", default=())
    if is_known(together):
        rows = [together] if together and isinstance(together[0], str) else together or ()  # type: ignore[index]
        if sorted(sorted(row) for row in rows) != theirs["unique_together"]:  # type: ignore[arg-type,union-attr]
            yield f"unique_together {rows!r} for {theirs['unique_together']}"
    if ours.proxy is not UNKNOWN and ours.proxy != theirs["proxy"]:
        yield "proxy"
    if ours.swappable not in {UNKNOWN, theirs["swappable"]}:
        yield f"swappable {ours.swappable} for {theirs['swappable']}"
    bases = [base if base.count(".") == 1 else base.rpartition(".")[2] for base in ours.bases]  # type: ignore[union-attr]
    if bases != [base.replace("WithManager", "") for base in theirs["bases"]]:
        yield f"bases {bases} for {theirs['bases']}"


def state_models(history: History) -> Iterator[Model]:
    yield from state_after(history, history.fresh).models()


def main(answer_path: str, project: str) -> int:
    answer = json.loads(Path(answer_path).read_text())
    history = read_beside(answer, Path(project))
    lines = list(differences(answer, history))
    for line in lines:
        print(line)  # noqa: T201 - a program's output
    unsure = sum(len(model.unsure) + (not model.closed) for model in state_models(history))
    print(f"{len(answer['models'])} models, {unsure} things unsure")  # noqa: T201
    print(f"{len(answer['nodes'])} nodes, {len(answer['edges'])} edges, {len(lines)} differences")  # noqa: T201
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
