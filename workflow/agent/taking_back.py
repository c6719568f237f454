"""Takes back what a plan had applied before it failed, where nobody loses anything by that.

In the rehearsal nobody else was there. Here others may have written, since a migration was
committed, into what it made, or built upon it. So it is taken back only where five things are sure:
the rehearsal took it back, and tables and rows were the same then; the server does so in one
transaction, or not at all; it consists of changes of the schema whose way back Django knows; what
goes with it holds nothing but what the migration left there; and nothing depends on that but what
the migration made. The last two are looked up under the locks that keep others out. The first
migration that has to stay keeps all that came before it.
"""

import contextlib

from _migration_workflow_agent.catalog import digests
from _migration_workflow_agent.channel import describe_error
from _migration_workflow_agent.dependents import dependents, strangers
from _migration_workflow_agent.limits import Patience, limited
from _migration_workflow_agent.migrating import Recorder
from _migration_workflow_agent.plan import reversible
from _migration_workflow_agent.reversing import IRREVERSIBLE, PROVEN
from _migration_workflow_agent.span import previous
from _migration_workflow_agent.trying import Trying
from django.db import DatabaseError, transaction
from django.db.migrations.executor import MigrationExecutor

SCHEMA_OPERATIONS = (
    "django.db.migrations.operations.fields",
    "django.db.migrations.operations.models",
)
"""Where Django's operations are that change a schema. Code and SQL of a project's may do anything
on the way back to rows that others have written since."""


class HasToStayError(Exception):
    """A migration is not taken back, for this reason."""


class WayBack:
    """The way back for what is ``applied`` of a plan: keys of migrations, in order.

    ``at_commit`` counts the definitions of what depended on the tables of each, by its key.
    """

    def __init__(self, session, connection, rehearsed, applied, at_commit):
        self.session = session
        self.connection = connection
        self.rehearsed = rehearsed
        self.applied = applied
        self.at_commit = at_commit

    def take(self, patience, watchers, before):
        """Take back what can be, the last first. ``before``: what the tables were then.

        A statement may wait for its lock as long as any, and run as long again: so long do others
        wait at most. Returns what ``leave`` does.
        """
        limit = 2 * patience.lock
        brief = Patience(patience.lock, patience.total, min(limit, patience.statement or limit))
        trying = Trying(self.session.channel, self.connection, brief)
        recorder = Recorder(self.session.channel, "taking back", (*watchers, trying))
        taken, why = [], None
        with limited(self.connection, brief):
            try:
                executor = executor_class(trying, taken, self.at_commit)(self.connection, recorder)
                migrations = [executor.loader.graph.nodes[key] for key in self.applied]
                plan, why = _plan(self.connection, migrations, _reversals(self.rehearsed))
                if plan:
                    executor.migrate(None, plan=plan)
            except HasToStayError as error:
                why = str(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the migration stays
                told = describe_error(error)
                why = f"taking it back failed: {told['type']}: {told['message']}"
            answer = self._answer(taken, why)
            answer["as_before"] = not answer["stays"] and _is_as_before(self.connection, before)
        self.connection.close()  # the limits were for taking back alone
        rows = [row for row in recorder.rows if (row["app"], row["migration"]) in taken]
        return {**answer, "evidence": rows}

    def leave(self, why):
        """Take nothing back.

        Returns which migrations are ``taken`` back, which stay (``stays``) and ``why`` the last
        of them does, the ``commands`` that take them back where there is a way, whether the
        schema is ``as_before``, and the ``evidence`` of the way back.
        """
        return {**self._answer([], why), "as_before": False, "evidence": []}

    def _answer(self, taken, why):
        stays = self.applied[: len(self.applied) - len(taken)]
        return {
            "taken": [list(key) for key in taken],
            "stays": [list(key) for key in stays],
            "why": why if stays else None,
            "commands": self._commands(stays),
        }

    def _commands(self, stays):
        """Return the commands that take back what stays, up to the first that has no way back."""
        graph = self.session.loader(self.connection.alias).graph
        reversals, targets = _reversals(self.rehearsed), {}
        for key in reversed(stays):
            if reversals.get(key) == IRREVERSIBLE or not reversible(graph.nodes[key]):
                break
            targets[key[0]] = previous(graph, key)
        alias = self.connection.alias
        other = "" if alias == "default" else f" --database {alias}"
        return [f"manage.py migrate {app} {name}{other}" for app, name in targets.items()]


def _plan(connection, migrations, reversals):
    """Return the way back for as long as nothing speaks against it, and what does then."""
    plan = []
    for migration in reversed(migrations):
        why = _why_not(connection, migration, reversals.get((migration.app_label, migration.name)))
        if why is not None:
            return plan, why
        plan.append((migration, True))
    return plan, None


def _why_not(connection, migration, reversal):
    if reversal != PROVEN:
        return f"the rehearsal did not prove its way back ({reversal or 'not tried'})"
    if not connection.features.can_rollback_ddl:
        maria = getattr(connection, "mysql_is_mariadb", False)
        return (
            f"{'MariaDB' if maria else connection.display_name} commits each change of the schema "
            "by itself, and could stop in the middle of taking it back"
        )
    if not migration.atomic:
        return "it is no transaction (atomic = False), and could stop in the middle of its way back"
    if not all(type(one).__module__ in SCHEMA_OPERATIONS for one in migration.operations):
        return "its way back has code or SQL, which may change what others have written since"
    return None


def _reversals(rehearsed):
    return {(row["app"], row["migration"]): row.get("reversal") for row in rehearsed["evidence"]}


def executor_class(trying, taken, at_commit):
    """Return Django's executor, made to take a migration back only where nobody loses by that.

    It raises HasToStayError. The keys of those that it took back are added to ``taken``.
    """

    class Executor(MigrationExecutor):
        def unapply_migration(self, state, migration, fake=False):
            def unapply():
                with transaction.atomic(using=self.connection.alias):
                    expect_nothing_written(self.connection, state.clone(), migration)
                    with nothing_built_upon(self.connection, at_commit.get(key)):
                        unapply_migration(state.clone(), migration, fake=fake)

            unapply_migration = super().unapply_migration
            key = (migration.app_label, migration.name)
            trying.attempt(unapply)
            taken.append(key)
            return state

    return Executor


def expect_nothing_written(connection, before, migration):
    """Keep others out of what goes with a migration; raise HasToStayError if they wrote into it.

    ``before`` is the project's state before the migration. A table or column that it renamed
    counts as new.
    """
    after = migration.mutate_state(before, preserve=True)
    old, new = _columns(before), _columns(after)
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in sorted(new):
            known = old.get(table, {})
            for column in known.keys() & new[table].keys():
                _expect_same_type(connection, table, column, known[column], new[table][column])
            columns = {name: new[table][name] for name in new[table].keys() - known.keys()}
            if not columns:
                continue
            cursor.execute(f"LOCK TABLE {quote(table)} IN ACCESS EXCLUSIVE MODE")
            written = _written(connection, table, columns) if table in old else [("", None)]
            for condition, values in written:
                sql = f"SELECT EXISTS (SELECT 1 FROM {quote(table)} {condition})"  # noqa: S608
                cursor.execute(sql, values)
                if cursor.fetchone()[0]:
                    raise HasToStayError(
                        f"{table} may hold what others have written since, which would be lost"
                    )


@contextlib.contextmanager
def nothing_built_upon(connection, at_commit):
    """Raise HasToStayError if more goes in this block than what was there at the commit.

    Others are kept out of the tables whose dependents are looked up by the transaction's locks.
    To create a function which takes or returns a table's rows PostgreSQL needs no lock: one that
    is created while the block runs is not seen.
    """
    if at_commit is None:
        raise HasToStayError("what depended on its tables could not be looked up at its commit")
    standing = dependents(connection)
    yield
    left = dependents(connection)
    gone = [one for identity, one in standing.items() if identity not in left]
    others = list(strangers(gone, at_commit))
    if others:
        table = others[0].table
        what = ", ".join(one.description for one in others if one.table == table)
        raise HasToStayError(f"others have built upon {table} since, and would lose: {what}")


def _columns(state):
    """Return the columns of each table, with their fields."""
    return {
        model._meta.db_table: {field.column: field for field in model._meta.local_concrete_fields}
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }


def _expect_same_type(connection, table, column, old, new):
    if old.db_type(connection) != new.db_type(connection):
        raise HasToStayError(
            f"its way back changes the type of {table}.{column}, into which others may have "
            "written since what the old type can't hold"
        )


def _written(connection, table, columns):
    """Return the conditions, each with its values, for rows that are not what AddField left.

    What is there is compared as text. Some types have no equality, as ``json``; in others unlike
    values are equal, as boxes of one area are.
    """
    conditions = []
    for column, field in columns.items():
        if getattr(field, "generated", False):
            continue
        if not field.has_default() and _has_db_default(field):
            conditions.append(("", None))
            continue
        left = connection.schema_editor().effective_default(field)
        found = f"{connection.ops.quote_name(column)}::text"
        kind = _type_of(connection, table, column)
        conditions.append((f"WHERE {found} IS DISTINCT FROM CAST(%s AS {kind})::text", [left]))
    return conditions


def _type_of(connection, table, column):
    """Return the type of a column as the server writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attname = %s",
            [connection.ops.quote_name(table), column],
        )
        return cursor.fetchone()[0]


def _has_db_default(field):
    from django.db.models import NOT_PROVIDED

    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def _is_as_before(connection, before):
    try:
        return digests(connection) == before
    except DatabaseError:
        return False
