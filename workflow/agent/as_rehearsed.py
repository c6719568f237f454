"""Whether a database is, and becomes, what it was in the rehearsal: before, at each step, after."""

from _migration_workflow_agent.catalog import changed, changes_between, digests
from _migration_workflow_agent.fingerprint import difference, fingerprint, row_changes
from _migration_workflow_agent.migrating import Watcher, unheard
from _migration_workflow_agent.plan import keys
from _migration_workflow_agent.span import up_to
from _migration_workflow_agent.state import planner


class NotAsRehearsedError(Exception):
    """The database is not, or did not become, what it was in the rehearsal."""

    def __init__(self, differences):
        super().__init__(differences[0])
        self.differences = differences


class EachStep(Watcher):
    """Compares the tables after each migration with what they were then in the rehearsal.

    Only the catalog is asked, never a row. ``steps`` is what was told of the rehearsal. Where the
    copy's catalog had other words for the same tables from the beginning, as that of another
    version has, only which tables are changed is compared. ``before`` is what the tables were
    before the plan.
    """

    def __init__(self, connection, trying, steps):
        self.connection = connection
        self.trying = trying
        self.tables = steps["tables"]
        self.changes = {(app, name): tables for app, name, tables in steps["changes"]}
        self.before = self.now = {}
        self.same_words = False

    def plan(self, apps):  # noqa: ARG002 - what every watcher takes
        """Look at the tables before the first migration."""
        self.before = self.now = self._look()
        self.same_words = self.now == self.tables

    def expect_as_rehearsed(self, migration):
        """Raise NotAsRehearsedError where ``migration``, which is applied, did something else."""
        found = self._look()
        changes = changes_between(self.now, found)
        expected = self.changes[migration.app_label, migration.name]
        self.now = found
        unlike = changed(changes, expected) if self.same_words else changes.keys() ^ expected.keys()
        if unlike:
            name = f"{migration.app_label}.{migration.name}"
            raise NotAsRehearsedError(
                [
                    f"after {name} the database is not what it was after it in the rehearsal",
                    *(_told(table, changes, expected) for table in sorted(unlike)),
                ]
            )

    def _look(self):
        """Return the digests of the tables. Functions of PostgreSQL's that tell may take locks."""
        with unheard(self.connection):
            return self.trying.attempt(lambda: digests(self.connection))


def _told(table, changes, expected):
    if table not in expected:
        return f"{table} was changed"
    if table not in changes:
        return f"{table} was not changed"
    return f"{table} is another table"


def expect_as_before(session, connection, rehearsed):
    """Stop before the first statement if the rehearsal was of something else."""
    found = _found(connection, rehearsed)
    lines = difference(rehearsed["before"]["schema"], found["schema"])
    if found["history"] != [list(key) for key in rehearsed["before"]["history"]]:
        lines.append("other migrations are recorded as applied")
    plan = up_to(planner(session.loader(connection.alias)), rehearsed["until"])
    if keys(migration for migration, _ in plan) != rehearsed["plan"]:
        lines.append("other migrations are pending")
    if lines:
        raise NotAsRehearsedError(["the database changed since the rehearsal", *lines])
    return found


def expect_as_after(connection, before, rehearsed):
    """Raise NotAsRehearsedError where the whole plan, applied, did something else."""
    found = _found(connection, rehearsed)
    lines = difference(rehearsed["after"]["schema"], found["schema"])
    if found["history"] != [list(key) for key in rehearsed["after"]["history"]]:
        lines.append("other migrations were recorded than in the rehearsal")
    changes = row_changes(before["rows"], found["rows"])
    expected = rehearsed["row_changes"]
    if expected is None:  # it was rehearsed on a sample of the rows
        expected = changes
    for table in sorted((changes.keys() | expected.keys()) - _uncounted(connection, rehearsed)):
        here, there = changes.get(table, 0), expected.get(table, 0)
        if here != there:
            lines.append(f"{table}: rows changed by {here}, in the rehearsal by {there}")
    if lines:
        raise NotAsRehearsedError(["the result is not what was rehearsed", *lines])


def _found(connection, rehearsed):
    return fingerprint(connection, _uncounted(connection, rehearsed))


def _uncounted(connection, rehearsed):
    """Return the tables whose rows are not counted: on a server all that were there before.

    Others write to them meanwhile, and a large one takes long to read.
    """
    return set() if connection.vendor == "sqlite" else rehearsed["before"]["rows"].keys()
