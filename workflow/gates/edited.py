"""Which migrations do something else now than when they were applied, as journal and git tell."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.journal import Journal, Text, text_of

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.history.model import MigrationKey
    from workflow.project.git import Git

Edited = tuple["MigrationKey", str, str]
"""A migration, the path of its file, and how it was edited, up to the word \"it was applied\"."""


def edited_migrations(
    context: Context, applied: Sequence[Sequence[str]], database: Mapping[str, Any]
) -> Iterator[Edited]:
    """Yield the migrations of the tree that are applied, and were other ones when they were.

    ``applied`` has app, name and moment of each that the database has recorded.
    """
    was = Journal(context.settings.state_folder).applied(database)
    moments = {(app, name): moment for app, name, moment in applied}
    unknown = {}
    for key, migration in context.history.migrations.items():
        if (key.app, key.name) not in moments:
            continue
        before = was.get((key.app, key.name))
        if before is None:
            unknown[migration.path] = (key, moments[key.app, key.name])
        elif not before.is_same(_now(context, migration.path)):
            yield key, migration.path, "since"
    if unknown and context.git.top is not None:
        with suppress(CouldNotCheck):  # where git can't tell, nothing is known of them
            yield from list(_since_then(context, unknown))


def _now(context: Context, path: str) -> Text:
    return text_of((context.settings.project / path).read_bytes())


def _since_then(
    context: Context, unknown: Mapping[str, tuple[MigrationKey, str]]
) -> Iterator[Edited]:
    """Yield those that the commit which was the newest when they were applied has otherwise.

    Only files that are not what they were at the oldest of these moments are looked at one by one.
    """
    git = context.git
    oldest = _oldest(git, sorted(moment for _, moment in unknown.values()))
    for change in [] if oldest is None else git.changes_since(oldest, list(unknown)):
        if change.is_gone or change.path not in unknown:
            continue
        key, moment = unknown[change.path]
        commit = git.commit_before(moment)
        blob = None if commit is None else git.blobs_at(commit, [change.path]).get(change.path)
        if commit is None or blob is None:
            continue
        if text_of(git.contents([blob])[blob]).is_same(_now(context, change.path)):
            continue
        where = git.last_change(change.path, commit)
        how = "(not committed)" if where is None else f"in commit {where},"
        yield key, Path(change.path).as_posix(), f"{how} after"


def _oldest(git: Git, moments: Sequence[str]) -> str | None:
    """Return the newest commit at the first of these moments at which there was one."""
    if (commit := git.commit_before(moments[0])) is not None:
        return commit
    first = bisect_left(moments, True, key=lambda moment: git.commit_before(moment) is not None)
    return git.commit_before(moments[first]) if first < len(moments) else None
