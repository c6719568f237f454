"""Runs what is pending on a throwaway copy of the database, and says what it did there."""

import contextlib

from _migration_workflow_agent.catalog import Steps
from _migration_workflow_agent.earlier_names import EarlierNames
from _migration_workflow_agent.fingerprint import fingerprint, row_changes
from _migration_workflow_agent.in_the_way import rows_in_the_way
from _migration_workflow_agent.lost import expect_kept
from _migration_workflow_agent.migrating import (
    MigrationFailedError,
    Recorder,
    forget_caches,
    migrate,
)
from _migration_workflow_agent.old_code import OldCode
from _migration_workflow_agent.plan import keys
from _migration_workflow_agent.rendering import Executor
from _migration_workflow_agent.reversing import Rows, go_back
from _migration_workflow_agent.scratch import mail_kept, others_guarded
from _migration_workflow_agent.scratch_databases import ScratchDatabases
from _migration_workflow_agent.span import between, up_to, way_to
from _migration_workflow_agent.state import planner
from _migration_workflow_agent.transaction_control import is_one_transaction, kept_open
from _migration_workflow_agent.trying import Rebuilding
from _migration_workflow_agent.watching import sizes, watchers_of
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor


def rehearse(session, database, scratch, where=None, part=(None, None)):
    """Return the plan, what each migration did, and what the copy looked like afterwards.

    ``part`` names two migrations or ``None``. What is pending, up to the second, runs on a copy
    of the database. With the first the database does not matter: an empty one is built up to there,
    without evidence.
    """
    since, until = part
    databases = ScratchDatabases(scratch, session.project, **(where or {}))
    place = databases.copy if since is None else databases.empty
    rehearsed = {"built": since is not None, "until": until, "failed": None}
    rehearsed["scratch"] = databases.told
    estimated = sizes(connections[database])
    with place(database) as connection, others_guarded(database), mail_kept():
        try:
            plan = _plan(session, connection, since, until)
        except MigrationFailedError as error:
            expect_kept(connection, error)
            return {**rehearsed, "failed": error.described(), "evidence": []}
        migrations = [migration for migration, _ in plan]
        as_one = runs_as_one(connection, migrations)
        rehearsed.update(plan=keys(migrations), as_one=as_one)
        before = fingerprint(connection)
        there_and_back = ThereAndBack(session, connection, before, stepwise=not as_one)
        watchers = (Rebuilding(), *watchers_of(connection), *there_and_back.watchers)
        recorder = Recorder(session.channel, "rehearsing", watchers)
        try:
            with one_transaction(connection) if as_one else contextlib.nullcontext():
                migrate_or_say_why(session, connection, recorder, plan, before["schema"])
            after = fingerprint(connection)
            there_and_back.go_back(migrations, recorder.rows)
        except MigrationFailedError as error:
            expect_kept(connection, error)
            return {**rehearsed, "failed": error.described(), "evidence": recorder.rows}
        finally:
            forget_caches()
    return {
        **rehearsed,
        "evidence": recorder.rows,
        "sizes": _counted(estimated, before["rows"], databases.told, built=since is not None),
        "old_code": there_and_back.old_code,
        "steps": there_and_back.steps.told,
        "before": before,
        "after": after,
        "row_changes": None
        if "sample" in databases.told
        else row_changes(before["rows"], after["rows"]),
    }


def _counted(estimated, rows, told, *, built):
    """Return the sizes of the tables, with their rows as counted where the copy has them all."""
    if built or "sample" in told:
        return estimated
    return {table: {**estimated.get(table, {}), "rows": count} for table, count in rows.items()}


def _plan(session, connection, since, until):
    """Return what is to be rehearsed. What comes before it is run here, on an empty database."""
    if since is None:
        return way_to(planner(session.loader(connection.alias)), until)
    before = between(MigrationExecutor(connection), since, until)
    recorder = Recorder(session.channel, "building")
    migrate(connection, recorder, plan=before, executor_class=Executor)
    return up_to(MigrationExecutor(connection), until)


def migrate_or_say_why(session, connection, recorder, plan, schema):
    """Run a plan. Raises MigrationFailedError, which names the rows that are in the way.

    ``schema`` is the database's before the plan.
    """
    try:
        migrate(connection, recorder, plan=plan, executor_class=Executor)
    except MigrationFailedError as error:
        migration = error.migration
        loader = session.loader(connection.alias)
        with contextlib.suppress(Exception):  # they only explain, and must not hide, the failure
            names = _earlier_names(loader, plan, migration, schema)
            state = loader.project_state((migration.app_label, migration.name), at_end=False)
            error.in_the_way = rows_in_the_way(connection, state, migration, error.operation, names)
        raise


def _earlier_names(loader, plan, migration, schema):
    """Return the names before a plan, followed up to the first operation of a migration."""
    state = planner(loader)._create_project_state(with_applied_migrations=True)
    names = EarlierNames(state, schema)
    for one, _ in plan:
        if (one.app_label, one.name) == (migration.app_label, migration.name):
            return names
        for operation in one.operations:
            names.follow(one.app_label, operation)
    return names


class ThereAndBack:
    """What is tried beside the plan where a release runs already: its models, and the way back.

    A database without a migration serves nobody, and there is nothing to go back to. What each
    migration made of the tables is noted there too where the plan is applied step by step.
    """

    def __init__(self, session, connection, before, *, stepwise):
        self.session = session
        self.serves = bool(before["history"])
        steps = Steps(connection)
        self.steps = steps
        self.old = OldCode(connection, steps)
        self.watchers = (steps, self.old) if self.serves else (steps,) if stepwise else ()
        self.rows = Rows(connection, before["rows"]) if self.serves else None

    @property
    def old_code(self):
        """What breaks for the running release, and what could not be tried."""
        return {"broken": self.old.broken, "untried": self.old.untried}

    def go_back(self, migrations, evidence):
        """Take the plan back, and add how that went to its rows of evidence."""
        if self.serves:
            found = go_back(self.session, self.steps, self.rows, migrations)
            for row in evidence:
                row.update(found[row["app"], row["migration"]])


def runs_as_one(connection, migrations):
    """Say whether a plan can run as a single transaction.

    It can on SQLite, whose DDL is transactional and whose one writer waits for nobody,
    unless a migration asks to be run outside a transaction, or ends it.
    """
    return connection.vendor == "sqlite" and all(map(is_one_transaction, migrations))


@contextlib.contextmanager
def one_transaction(connection):
    """Hold one write transaction on a SQLite database around a whole plan.

    Foreign keys are not enforced inside, just as in each of Django's own migrations there
    (https://www.sqlite.org/lang_altertable.html#otheralter); they are checked before the end.
    """
    connection.disable_constraint_checking()
    try:
        with transaction.atomic(using=connection.alias):
            _take_write_lock(connection)
            with kept_open(connection):
                yield
            connection.check_constraints()
    finally:
        if connection.connection is not None:
            connection.enable_constraint_checking()


def _take_write_lock(connection):
    """Become the one writer at once: a transaction that only reads so far can be overtaken."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA user_version")
        version = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA user_version = {version}")
