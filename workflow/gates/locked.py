"""Is the lock file right? Looked at by ``dependencies`` where a project has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.history import lock
from workflow.outcome import Finding, Severity
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.history.lock import Row
    from workflow.history.model import History

CONSEQUENCE = "Until that is right, two branches that add to it merge without a conflict."


def lock_file(context: Context) -> Path:
    """Return where a project keeps its lock file. It may not exist."""
    return context.settings.project / lock.NAME


def text_of(context: Context, history: History, drafts: Mapping[Path, str]) -> str:
    """Return the lock file as it should be for a history in which these drafts are.

    Raises CouldNotCheck for a migration that can't be read.
    """
    return lock.render(_rows(context, history, drafts))


def findings(context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the lock file, if there is one. Raises CouldNotCheck."""
    try:
        text = context.read_bytes(lock_file(context))
    except FileNotFoundError:
        return
    except OSError as error:
        raise CouldNotCheck(f"{lock.NAME} can't be read: {error.strerror}") from error
    found = lock.parse(text.decode("utf-8", "replace"))
    if found.faults:
        yield _unreadable(*found.faults[0])
        return
    now = {row.label: row for row in _rows(context, context.history, {})}
    for label in sorted(now.keys() | found.rows.keys()):
        row, line = found.rows.get(label, (None, None))
        fact = _difference(label, row, now.get(label))
        if fact is not None:
            yield _outdated(context, label, fact, line)


def _rows(context: Context, history: History, drafts: Mapping[Path, str]) -> list[Row]:
    def read(path: str) -> bytes:
        place = context.settings.project / path
        if place in drafts:
            return drafts[place].encode("utf-8")
        try:
            return context.read_bytes(place)
        except OSError as error:
            raise CouldNotCheck(f"{path} can't be read: {error.strerror}") from error

    return lock.rows_of(history, read)


def _difference(label: str, row: Row | None, now: Row | None) -> str | None:
    if row is None:
        return f"{lock.NAME} has no line for {label}."
    if now is None:
        return f"{lock.NAME} has a line for {label}, which has no migrations here."
    if row.leaf != now.leaf:
        return f"{lock.NAME} says that {label} ends in {row.leaf}, and it ends in {now.leaf}."
    if row.digest != now.digest:
        return f"{label} has other migrations than {lock.NAME} was written for."
    return None


def _outdated(context: Context, label: str, fact: str, line: int | None) -> Finding:
    app = context.history.apps.get(label)
    return Finding(
        "HIS110",
        Severity.ERROR,
        f"{fact} {CONSEQUENCE}",
        instead(
            f"see that the migrations are those that are meant ({_look(app.path)}), write it anew "
            "and commit it with them."
            if app is not None
            else "write it anew and commit it.",
            "lock",
        ),
        app=label,
        path=lock.NAME,
        line=line,
    )


def _look(path: str) -> str:
    import shlex

    return f"git log -- {shlex.quote(path)}"


def _unreadable(line: int, what: str) -> Finding:
    return Finding(
        "HIS111",
        Severity.ERROR,
        f"{lock.NAME} has {what} in line {line}. Two branches changed it in one place: both added "
        "to one app, or a line was written by hand.",
        instead(
            "make the migrations right first (makemigrations --merge, where an app has two leaf "
            "nodes), then write it anew, whatever is in it.",
            "lock",
        ),
        path=lock.NAME,
        line=line,
    )
