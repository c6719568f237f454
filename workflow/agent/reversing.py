"""Takes a rehearsed plan back on the scratch database, to see whether that way exists.

That an operation says it can be reversed is a claim. Here it is done, and what is there then is
compared with what was there before: the tables after every migration, the rows at the end.
"""

from collections import Counter

from _migration_workflow_agent import catalog
from _migration_workflow_agent.backwards import Backwards
from _migration_workflow_agent.migrating import (
    MigrationFailedError,
    Recorder,
    Watcher,
    migrate,
    unheard,
)
from _migration_workflow_agent.plan import reversible

ROWS_AT_MOST = 200_000
"""How many rows are compared one by one, the small tables first."""

PROVEN = "proven"
TABLES_ONLY = "the tables come back, rows were not compared"
IRREVERSIBLE = "irreversible"
FAILS = "fails"
OTHER_TABLES = "leads to other tables"
OTHER_ROWS = "loses or changes rows"
NOT_TRIED = "not tried"

COMES_BACK = {PROVEN, TABLES_ONLY, NOT_TRIED}


class Rows:
    """The rows of a database as far as they fit, to see whether each of them is still there."""

    def __init__(self, connection, counts):
        self.connection = connection
        self.columns = {}
        self.rows = {}
        self.whole = True
        left = ROWS_AT_MOST
        for table, count in sorted(counts.items(), key=lambda item: item[1]):
            left -= count
            if left < 0:
                self.whole = False
                break
            if table != "django_migrations":
                self.columns[table] = self._names(table)
                self.rows[table] = self._read(table)

    def lost(self):
        """Return the tables in which a row is missing, or is not what it was."""
        return {table for table in self.rows if self.rows[table] - self._read(table)}

    def _names(self, table):
        with self.connection.cursor() as cursor:
            found = self.connection.introspection.get_table_description(cursor, table)
        return sorted(column.name for column in found)

    def _read(self, table):
        quote = self.connection.ops.quote_name
        names = ", ".join(map(quote, self.columns[table]))
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT {names} FROM {quote(table)}")  # noqa: S608 - quoted names
            return Counter(hash(tuple(map(_plain, row))) for row in cursor)


def _plain(value):
    return bytes(value) if isinstance(value, memoryview) else repr(value)


class _Back(Watcher):
    """Compares the tables after each step back with what they were before its migration."""

    def __init__(self, steps):
        self.steps = steps
        self.found = {}

    def end(self, migration):
        key = (migration.app_label, migration.name)
        with unheard(self.steps.connection):
            now = catalog.digests(self.steps.connection)
        self.found[key] = OTHER_TABLES if catalog.changed(self.steps.before[key], now) else PROVEN
        return {}


def go_back(session, steps, rows, migrations):
    """Return for each migration how going back below it went, and why, by its key."""
    back = _Back(steps)
    outcome = {(item.app_label, item.name): {"reversal": NOT_TRIED} for item in migrations}
    plan = []
    for migration in reversed(migrations):
        if not reversible(migration):
            outcome[migration.app_label, migration.name]["reversal"] = IRREVERSIBLE
            break
        plan.append((migration, True))
    recorder = Recorder(session.channel, "taking back", (back,))
    try:
        migrate(steps.connection, recorder, plan=plan, executor_class=Backwards)
    except MigrationFailedError as error:
        key = (error.migration.app_label, error.migration.name)
        back.found[key] = FAILS
        outcome[key]["failed"] = error.described()
    for key, found in back.found.items():
        outcome[key]["reversal"] = found
    compared = rows.whole and len(back.found) == len(migrations)
    lost = sorted(rows.lost()) if compared else []
    for migration in migrations:
        found = outcome[migration.app_label, migration.name]
        if found["reversal"] == PROVEN and not compared:
            found["reversal"] = TABLES_ONLY
        elif found["reversal"] == PROVEN and lost:
            # Whose doing of the plan it is, nobody can tell.
            found.update(reversal=OTHER_ROWS, tables=lost)
        found["reversible"] = reversible(migration) and found["reversal"] in COMES_BACK
    return outcome
