"""Which migrations do something else now than when they were applied, as journal and git tell."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
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
        record, moment = was.get((key.app, key.name)), moments[key.app, key.name]
        if record is None:
            unknown[migration.path] = (key, moment)
        elif not record.text.is_same(_now(context, migration.path)) and (
            # Who goes on by other means after a run that was cut off may have edited it first.
            record.is_sure or _is_touched(context, migration.path, moment)
        ):
            yield key, migration.path, "since"
    touched = {path: told for path, told in unknown.items() if _is_touched(context, path, told[1])}
    if touched:
        with suppress(CouldNotCheck):  # where git can't tell, nothing is known of them
            yield from list(_since_then(context, touched))


def _now(context: Context, path: str) -> Text:
    return text_of(_bytes(context, path))


def _bytes(context: Context, path: str) -> bytes:
    return (context.settings.project / path).read_bytes()


def _is_touched(context: Context, path: str, moment: str) -> bool:
    """Say whether anything was done to a file since a moment, as the system tells.

    Committing it does nothing to it. Unlike the time of its last change, nobody sets this one.
    """
    changed = (context.settings.project / path).stat().st_ctime
    return changed >= datetime.fromisoformat(moment).timestamp()


def _since_then(
    context: Context, unknown: Mapping[str, tuple[MigrationKey, str]]
) -> Iterator[Edited]:
    """Yield those that were otherwise when they were applied, whatever tells what they were then.

    Only files that are not what they were at the oldest of these moments are looked at one by one.
    """
    git = context.git
    oldest = _oldest(git, sorted(moment for _, moment in unknown.values()))
    changes = [] if oldest is None else git.changes_since(oldest, list(unknown))
    blobs = {one.path: one.blob for one in changes if one.path in unknown and not one.is_gone}
    contents = git.contents(blobs.values())
    for path, blob in blobs.items():
        if contents[blob] == _bytes(context, path):
            continue  # git goes by size and time
        (key, moment), now = unknown[path], _now(context, path)
        if text_of(contents[blob]).is_same(now):
            continue
        held = git.in_hand_at(moment)
        then = [_text_at(git, commit, path) for commit in (held, git.commit_before(moment))]
        known = [text for text in then if text is not None]
        if not known or any(text.is_same(now) for text in known):
            continue
        committed = _text_at(git, git.head, path)
        if committed is None or not committed.is_same(now):
            yield key, Path(path).as_posix(), "(not committed) after"
            continue
        last = git.last_change(path)
        if last is None or (held is None and last.written <= datetime.fromisoformat(moment)):
            continue  # a rebase gives what was written before a new commit
        yield key, Path(path).as_posix(), f"in commit {last.told}, after"


def _text_at(git: Git, commit: str | None, path: str) -> Text | None:
    """Return what a commit has at a path, ``None`` where it has nothing there."""
    blob = None if commit is None else git.blobs_at(commit, [path]).get(path)
    return None if blob is None else text_of(git.contents([blob])[blob])


def _oldest(git: Git, moments: Sequence[str]) -> str | None:
    """Return the newest commit at the first of these moments at which there was one."""
    if (commit := git.commit_before(moments[0])) is not None:
        return commit
    if len(moments) < 2 or git.commit_before(moments[-1]) is None:
        return None
    first = bisect_left(moments, True, key=lambda moment: git.commit_before(moment) is not None)
    return git.commit_before(moments[first])
