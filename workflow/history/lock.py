"""The lock file: one line for each app, so that git conflicts where two branches add to one.

Around each line stand two that are the app's own, or empty: git merges changes that have a
line between them. So lines of different apps merge, and two changes of one line conflict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from workflow.history.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workflow.history.model import App, History

NAME: Final = "migrations.lock"

HEAD: Final = """\
# Each app with its leaf node and a digest of its migrations. Two branches that add to one app
# conflict here. Never merged by hand: `migration-workflow lock` writes it anew.

"""
MARKERS: Final = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


class Row(NamedTuple):
    """One app: where its migrations end, and what tells them from any others.

    ``leaf`` holds several names with commas where there are several leaf nodes.
    """

    label: str
    leaf: str
    digest: str


class Lock(NamedTuple):
    """What a lock file says: each row with its line, by label, and what can't be read of it."""

    rows: dict[str, tuple[Row, int]]
    faults: list[tuple[int, str]]


def rows_of(history: History, read: Callable[[str], bytes]) -> list[Row]:
    """Return a row for each app of the project that has migrations, sorted by label.

    ``read`` returns the bytes of a migration by its path.
    """
    apps = (app for app in history.apps.values() if app.in_project and app.migrations)
    return sorted(_row(history, app, read) for app in apps)


def _row(history: History, app: App, read: Callable[[str], bytes]) -> Row:
    leaves = [key.name for key in history.fresh.leaves(app.label)]
    texts = [
        (name, read(f"{app.path}/{name}.py").replace(b"\r\n", b"\n")) for name in app.migrations
    ]
    return Row(app.label, ",".join(leaves) or "-", digest_of(repr(texts).encode()))


def render(rows: Iterable[Row]) -> str:
    """Return the text of the lock file."""
    return HEAD + "".join(f"# {row.label}\n{' '.join(row)}\n\n" for row in rows)


def parse(text: str) -> Lock:
    """Return what a lock file says."""
    lock = Lock({}, [])
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if line.startswith(MARKERS):
            lock.faults.append((number, "a conflict marker"))
        elif len(words) != len(Row._fields):
            lock.faults.append((number, "no label, leaf node and digest"))
        elif words[0] in lock.rows:
            lock.faults.append((number, f"a second line for {words[0]}"))
        else:
            lock.rows[words[0]] = (Row(*words), number)
    return lock
