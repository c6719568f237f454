"""Faults of files and folders."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.corpora.mutating.ground import Ground, Mutant, kind, migration_text

if TYPE_CHECKING:
    from collections.abc import Iterator

NEWER = "def mutant():\n    try:\n        pass\n    except ValueError, TypeError:\n        pass\n"


@kind("__init__.py deleted", "GRF113")
def no_init(ground: Ground) -> Iterator[Mutant]:
    for app in ground.shuffled(ground.history.apps.values()):
        if app.in_project and app.has_init and app.migrations:
            first = ground.path(app.label, app.migrations[0])
            yield Mutant({f"{app.path}/__init__.py": None}, first, 1)


@kind("line that is no Python", "GRF114")
def syntax(ground: Ground) -> Iterator[Mutant]:
    for migration in ground.shuffled(ground.migrations):
        source = ground.source(migration.path)
        if source and migration.line:
            text = source.with_line_before(migration.line, "this is no Python\n")
            yield Mutant({migration.path: text}, migration.path, migration.line)


@kind("null byte", "GRF114")
def null_byte(ground: Ground) -> Iterator[Mutant]:
    for migration in ground.shuffled(ground.migrations):
        text = ground.text(migration.path)
        yield Mutant({migration.path: text + "\0"}, migration.path, None, exact=False)


@kind("conflict markers", "GRF115")
def conflict(ground: Ground) -> Iterator[Mutant]:
    for migration in ground.shuffled(ground.migrations):
        source = ground.source(migration.path)
        listed = source.assigned("dependencies") if source else None
        if source and listed and listed.end_lineno == listed.lineno:
            line = source.text.splitlines()[listed.lineno - 1]
            new = f"<<<<<<< HEAD\n{line}\n=======\n{line}\n>>>>>>> other\n"
            text = source.with_line_before(listed.lineno, new)
            yield Mutant({migration.path: text}, migration.path, listed.lineno)


@kind("newer grammar", "GRF116")
def newer(ground: Ground) -> Iterator[Mutant]:
    for migration in ground.shuffled(ground.migrations):
        source = ground.source(migration.path)
        if source and migration.line and sys.version_info < (3, 14):
            text = source.with_line_before(migration.line, NEWER)
            yield Mutant({migration.path: text}, migration.path, None, exact=False)


@kind("file without a Migration class", "GRF119")
def stray(ground: Ground) -> Iterator[Mutant]:
    for app in ground.shuffled(ground.leaves):
        path = ground.path(app, ground.next_name(app))
        yield Mutant({path: "NOTES = 1\n"}, path, 1)


@kind("package that hides a migration", "GRF120")
def hidden(ground: Ground) -> Iterator[Mutant]:
    for migration in ground.shuffled(ground.migrations):
        package = f"{migration.path.removesuffix('.py')}/__init__.py"
        yield Mutant({package: ""}, migration.path, 1)


@kind("label taken by another folder", "GRF117")
def collision(ground: Ground) -> Iterator[Mutant]:
    for app in ground.shuffled(ground.history.apps.values()):
        folder = f"zz_mutant/{app.label}/migrations"
        changes = {
            f"{folder}/__init__.py": "",
            f"{folder}/0001_initial.py": migration_text(""),
            f"zz_mutant/{app.label}/__init__.py": "",
            "zz_mutant/__init__.py": "",
        }
        yield Mutant(changes, folder, None, exact=False)
