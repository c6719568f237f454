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

from workflow.history.model import History, MigrationKey
from workflow.history.reading import read_history

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


def _complete(migration: Any) -> bool:
    header = migration.header
    return all(
        part.complete and all(item.certain and item.key for item in part.items)
        for part in (header.dependencies, header.run_before, header.replaces)
    )


def main(answer_path: str, project: str) -> int:
    answer = json.loads(Path(answer_path).read_text())
    history = read_beside(answer, Path(project))
    lines = list(differences(answer, history))
    for line in lines:
        print(line)  # noqa: T201 - a program's output
    print(f"{len(answer['nodes'])} nodes, {len(answer['edges'])} edges, {len(lines)} differences")  # noqa: T201
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
