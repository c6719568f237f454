"""What does the database say was applied, and does that fit what is on disk?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from workflow.context import show_path
from workflow.errors import CouldNotCheck
from workflow.outcome import Finding, Severity, StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "pre-check"

NAMED = 5
"""How many names a sentence lists before it only counts the rest."""


def run(context: Context) -> StepResult:
    """Check the state. Raises CouldNotCheck where the history or the database can't be read."""
    state = context.state
    if state["history"] is not None:
        return unloadable(NAME, context, state["history"])
    findings = (
        *_cut_off(context),
        *_half_applied(context, state),
        *_conflicts(context, state),
        *_inconsistent(state),
        *_missing(context, state),
        *_edited(context, state),
        *_invalid_indexes(state),
        *_without_migrations(state),
        *_pending(context, state),
        *_recent(context),
    )
    return context.judged(NAME, findings, details=_describe(state))


def _describe(state: Mapping[str, Any]) -> str:
    """Return how much is applied, and what came last in each of the project's own apps."""
    applied = state["applied"]
    last = {app: name for app, name, _ in applied if app in state["own"]}
    return "\n".join(
        (
            f"applied   {counted(len(applied), 'migration', 'migrations')}",
            *(f"last      {app}.{name}" for app, name in sorted(last.items())),
        )
    )


def unloadable(gate: str, context: Context, error: Mapping[str, Any]) -> StepResult:
    """Return what the files themselves show about why Django can't load them.

    It refuses even where that was accepted: a gate that could not look does not pass. Raises
    CouldNotCheck with the project's traceback where the files show nothing.
    """
    errors = tuple(finding for finding in context.findings if finding.severity is Severity.ERROR)
    if not errors:
        raise CouldNotCheck(
            f"Django can't load the migrations: {error['type']}: {error['message']}",
            error["traceback"],
        )
    return StepResult(gate, Verdict.REFUSED, errors)


def _cut_off(context: Context) -> Iterator[Finding]:
    from workflow.project.scratch import cut_off

    turn_of = context.settings.database if context.has_turn else None
    for folder in cut_off(context.settings.state_folder, turn_of):
        yield Finding(
            "HIS105",
            Severity.ERROR,
            "An earlier migrate-safe was killed while it applied migrations that can't run in "
            "one transaction: the database may be half changed. What it was before is kept in "
            f"{show_path(folder, context.settings.project)}.",
            "Stop what uses the database, then put it back: migration-workflow recover",
            data={"snapshot": show_path(folder, context.settings.project)},
        )


def _half_applied(context: Context, state: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the migration that a server could not take back. Once it is recorded it is whole."""
    from workflow.project.halves import half_applied

    alias = context.settings.database
    half = half_applied(context.settings.state_folder, alias)
    if half is None:
        return
    if (half.app, half.migration) in {(app, name) for app, name, _ in state["applied"]}:
        half.path.unlink(missing_ok=True)
        return
    stays = "; ".join(numbered(half.operations) + half.done) or "nothing that is known"
    finished = context.words.fake == f"{half.app}.{half.migration}"
    yield Finding(
        "HIS113",
        Severity.INFO if finished else Severity.ERROR,
        f"{half.app}.{half.migration} was cut off while it was applied to the database {alias!r}, "
        f"which can't take it back. It is not recorded. In the database: {stays}. In it or not: "
        f"{half.under_way}.",
        out_of_half(half.app, half.migration),
        app=half.app,
        migration=half.migration,
        data={"operations": half.operations, "done": half.done, "under_way": half.under_way},
    )


def numbered(operations: list[str]) -> list[str]:
    """Return the first operations of a migration, which may all be described alike, by number."""
    return [f"operation {number} ({said})" for number, said in enumerate(operations, 1)]


def out_of_half(app: str, migration: str) -> str:
    """Return how to finish, or to take back, a migration that is half applied."""
    name = f"{app} {migration}"
    return (
        f"To finish it: do by hand what is missing of 'manage.py sqlmigrate {name}', and record "
        f"it with 'migration-workflow migrate-safe --fake {app}.{migration} --reason \"finished by "
        f"hand\"'. Or take back what is in: "
        f"'manage.py sqlmigrate --backwards {name}' shows how. When that is done, say so: "
        "migration-workflow recover"
    )


def _conflicts(context: Context, state: Mapping[str, Any]) -> Iterator[Finding]:
    for app, names in state["conflicts"].items():
        yield Finding(
            "GRF103",
            Severity.INFO if context.words.merge else Severity.ERROR,
            f"The app {app} has {len(names)} leaf nodes: {', '.join(names)}. Nobody can migrate "
            "until one history leads to both.",
            f"If both belong, join them: migration-workflow makemigrations --merge {app}",
            app=app,
            data={"leaf_nodes": names},
        )


def _inconsistent(state: Mapping[str, Any]) -> Iterator[Finding]:
    if state["inconsistent"] is not None:
        yield Finding(
            "HIS102",
            Severity.ERROR,
            f"{state['inconsistent']} The recorded history could not have happened in the order "
            "that the files now say.",
            "If a dependency was added to a migration that is applied already, take it out again "
            "and put it into a new migration. Then run: migration-workflow pre-check",
        )


def _missing(context: Context, state: Mapping[str, Any]) -> Iterator[Finding]:
    for app, name in state["missing"]:
        own = app in state["own"]
        deleted = context.git.deletion(_pattern(context, app, name))
        since = ""
        restore = "If it was deleted: restore it, from git if it was committed, or from a copy."
        if deleted is not None:
            commit, day, path = deleted
            since = f" It was deleted in commit {commit} of {day}."
            restore = f"If it was deleted by mistake: git checkout {commit}^ -- {path}"
        yield Finding(
            "HIS101",
            Severity.ERROR if own else Severity.WARNING,
            f"The database {context.settings.database!r} has {app}.{name} applied, but no such "
            "file is on disk. It is ahead of this branch, or the file was deleted: what that "
            f"migration did is there and nothing here knows of it.{since}",
            "If another branch has the file: check that branch out, run "
            f"'manage.py migrate {app}' back to the last migration both have, and return. "
            f"{restore}",
            app=app,
            migration=name,
        )


def _pattern(context: Context, app: str, name: str) -> str:
    """Return git's pattern for the file of a migration that is not there any more."""
    others = (one.path for key, one in context.history.migrations.items() if key.app == app)
    folder = next((PurePosixPath(path).parent.as_posix() for path in others), None)
    return f":(glob)**/{app}/migrations/{name}.py" if folder is None else f"{folder}/{name}.py"


def database_of(context: Context) -> dict[str, Any]:
    """Return which database it is, as the journal tells one from another."""
    alias = context.settings.database
    return {"alias": alias, **context.facts["databases"][alias]}


def _edited(context: Context, state: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the migrations whose files do something else now than what was applied.

    What they were then the journal says, and where it has no record, git.
    """
    from workflow.gates.edited import edited_migrations

    for key, path, how in edited_migrations(context, state["applied"], database_of(context)):
        yield Finding(
            "HIS112",
            Severity.WARNING,
            f"{key} was edited {how} it was applied to the database "
            f"{context.settings.database!r}. It is not applied again: this database stays as the "
            "old text made it, and differs from every new one.",
            f"Put it back as it was (git log -p -- {path}), and make the change in a "
            f"new migration: migration-workflow makemigrations {key.app}",
            app=key.app,
            migration=key.name,
            path=path,
        )


def _invalid_indexes(state: Mapping[str, Any]) -> Iterator[Finding]:
    for found in state["invalid_indexes"]:
        index = found["index"]
        rebuild = (
            f"Build it anew: REINDEX INDEX CONCURRENTLY {index}; or drop"
            if (found["rebuild"])
            else "Drop"
        )
        yield Finding(
            "DRF107",
            Severity.WARNING,
            f"The index {index} of the table {found['table']} is not valid: what built it "
            "CONCURRENTLY failed or was cut off. Every write to the table pays for it, and no "
            "query uses it.",
            f"{rebuild} it: DROP INDEX CONCURRENTLY {index}. Where a pending migration builds it, "
            "that is done by: migration-workflow migrate-safe",
            data={"index": index, "table": found["table"]},
        )


def _without_migrations(state: Mapping[str, Any]) -> Iterator[Finding]:
    for app in state["without_migrations"]:
        yield Finding(
            "DRF102",
            Severity.WARNING,
            f"The app {app} has models but no migrations package: makemigrations passes it over "
            "and its tables are never made.",
            f"migration-workflow makemigrations {app}",
            app=app,
        )


def _pending(context: Context, state: Mapping[str, Any]) -> Iterator[Finding]:
    if state["pending"]:
        names = [f"{app}.{name}" for app, name in state["pending"]]
        yield Finding(
            "HIS103",
            Severity.INFO,
            f"{counted(len(names), 'migration is', 'migrations are')} pending on the database "
            f"{context.settings.database!r}: {listed(names)}.",
            "migration-workflow migrate-safe",
            data={"pending": names},
        )


def _recent(context: Context) -> Iterator[Finding]:
    """Yield what git says of the migrations that this branch brings, committed or not."""
    git = context.git
    if git.top is None:
        return
    uncommitted = _migrations(git.uncommitted())
    if uncommitted:
        yield Finding(
            "HIS104",
            Severity.INFO,
            f"{counted(len(uncommitted), 'migration is', 'migrations are')} not committed: "
            f"{listed(uncommitted)}.",
            data={"uncommitted": uncommitted},
        )
    since = _migrations(git.changed_since(git.branch_point)) if git.branch_point else []
    if since:
        yield Finding(
            "HIS104",
            Severity.INFO,
            f"This branch changes {counted(len(since), 'migration', 'migrations')} since it left "
            f"{git.main_branch}: {listed(since)}.",
            data={"changed": since},
        )


def _migrations(paths: list[str]) -> list[str]:
    return sorted(
        path
        for path in paths
        if PurePosixPath(path).suffix == ".py"
        and "migrations" in PurePosixPath(path).parts[:-1]
        and not PurePosixPath(path).name.startswith("_")
    )


def counted(number: int, one: str, many: str) -> str:
    """Return a number with the word that goes with it."""
    return f"{number} {one if number == 1 else many}"


def listed(names: list[str]) -> str:
    """Return the first few names in one line, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
