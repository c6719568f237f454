"""Takes back what a plan had applied before it failed, where nobody loses anything by that.

In the rehearsal nobody else was there. Here others may have written, since a migration was
committed, into what it made. So it is taken back only where four things are sure: the rehearsal
took it back, and tables and rows were the same then; the server does so in one transaction, or not
at all; it consists of changes of the schema whose way back Django knows; and what goes with it
holds nothing but what the migration left there, which is looked up under the locks that keep
others out. The first that has to stay keeps all that came before it.
"""

from _migration_workflow_agent.catalog import digests
from _migration_workflow_agent.channel import describe_error
from _migration_workflow_agent.limits import Patience, limited
from _migration_workflow_agent.migrating import Recorder
from _migration_workflow_agent.plan import reversible
from _migration_workflow_agent.reversing import IRREVERSIBLE, PROVEN
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
    """The way back for what is ``applied`` of a plan: keys of migrations, in order."""

    def __init__(self, session, connection, rehearsed, applied):
        self.session = session
        self.connection = connection
        self.rehearsed = rehearsed
        self.applied = applied

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
                executor = _executor_class(trying, taken)(self.connection, recorder)
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
        return {**answer, "evidence": recorder.rows}

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
            parents = [one.key[1] for one in graph.node_map[key].parents if one.key[0] == key[0]]
            targets[key[0]] = max(parents, default="zero")
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


def _executor_class(trying, taken):
    class Executor(MigrationExecutor):
        def unapply_migration(self, state, migration, fake=False):
            def unapply():
                with transaction.atomic(using=self.connection.alias):
                    expect_nothing_written(self.connection, state.clone(), migration)
                    unapply_migration(state.clone(), migration, fake=fake)

            unapply_migration = super().unapply_migration
            trying.attempt(unapply)
            taken.append((migration.app_label, migration.name))
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
            known = old.get(table)
            conditions = [("", [])] if known is None else []
            for column, field in new[table].items() if known is not None else ():
                if column in known:
                    _expect_same_type(connection, table, column, known[column], field)
                elif not getattr(field, "generated", False):
                    conditions.append(_written(connection, column, field))
            if conditions:
                cursor.execute(f"LOCK TABLE {quote(table)} IN ACCESS EXCLUSIVE MODE")
            for condition, values in conditions:
                sql = f"SELECT EXISTS (SELECT 1 FROM {quote(table)} {condition})"  # noqa: S608
                cursor.execute(sql, values)
                if cursor.fetchone()[0]:
                    raise HasToStayError(
                        f"{table} may hold what others have written since, which would be lost"
                    )


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


def _written(connection, column, field):
    """Return the condition, with its values, for rows that are not what AddField left."""
    if not field.has_default() and _has_db_default(field):
        return "", []
    left = connection.schema_editor().effective_default(field)
    quoted = connection.ops.quote_name(column)
    return f"WHERE {quoted} IS DISTINCT FROM %s", [left]


def _has_db_default(field):
    from django.db.models import NOT_PROVIDED

    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def _is_as_before(connection, before):
    try:
        return digests(connection) == before
    except DatabaseError:
        return False
