"""Tries the models of the running release on the schema that each migration leaves.

While migrations run, and until the last process of it has ended, the release that is being
replaced works on the new schema. What it would do is done here, with the models of the state
before: select the columns, insert a row, update it, delete it. All of it is rolled back.
"""

import contextlib

from _migration_workflow_agent.channel import hide
from _migration_workflow_agent.driver_error import sqlstate
from _migration_workflow_agent.made_up import made_up
from _migration_workflow_agent.migrating import Watcher, unheard

VALUES_REFUSED = {
    "postgresql": ("23503", "23505", "23514", "23P01"),
    "mysql": ("1062", "1451", "1452", "3819", "4025"),
    "sqlite": ("UNIQUE constraint", "CHECK constraint", "FOREIGN KEY constraint"),
}
"""How an engine says that a constraint refuses the values of one row: others may pass it.

https://www.postgresql.org/docs/current/errcodes-appendix.html,
https://mariadb.com/kb/en/mariadb-error-codes/
"""


class OldCode(Watcher):
    """Finds what breaks for the models of the state before.

    ``steps`` sees each migration first. ``broken`` has a row for each model that a migration
    breaks; ``untried`` says what could not be tried, as ``"shop.Product insert"``.
    """

    def __init__(self, connection, steps):
        self.connection = connection
        self.steps = steps
        self.trials = []
        self.broken = []
        self.untried = []

    def plan(self, apps):
        """Try every model before the first migration: what fails already is not its doing."""
        with unheard(self.connection):
            for model in apps.get_models(include_auto_created=True):
                if self._is_kept_here(model):
                    trial = Trial(self.connection, model)
                    trial.find_what_works()
                    self.trials.append(trial)
                    self.untried += trial.untried

    def end(self, migration):
        """Try the models whose table is not what it was."""
        with unheard(self.connection):
            for trial in [trial for trial in self.trials if trial.table in self.steps.touched]:
                failure = trial.failure()
                if failure is not None:
                    self.trials.remove(trial)
                    self.broken.append(_row(migration, trial, failure))
        return {}

    def _is_kept_here(self, model):
        from django.db import router

        return (
            model._meta.can_migrate(self.connection)
            and router.allow_migrate_model(self.connection.alias, model)
            and model._meta.db_table in self.steps.now
        )


def _row(migration, trial, failure):
    return {
        "app": migration.app_label,
        "migration": migration.name,
        "model": trial.model._meta.label,
        "table": trial.table,
        **failure,
    }


class Trial:
    """One model of the running release: can it still select, insert, update and delete?"""

    DOES = ("select", "insert", "update", "delete")

    def __init__(self, connection, model):
        self.connection = connection
        self.model = model
        self.table = model._meta.db_table
        self.works = ()
        self._sparse = True
        self._rows = model._base_manager.using(connection.alias).order_by()
        self._row = None
        self._statement = ""

    @property
    def untried(self):
        """What did not work before, so that nothing can be concluded from it afterwards."""
        return [f"{self.model._meta.label} {does}" for does in self.DOES if does not in self.works]

    def find_what_works(self):
        """Try everything while the schema is still what the release was made for.

        A row with as little in it as may be shows the most. Where a check asks for more, it is
        one like those that are there.
        """
        self.works = self._what_works()
        if "insert" not in self.works:
            self._sparse = False
            self.works = self._what_works()

    def _what_works(self):
        with self._rolled_back():
            return tuple(does for does in self.DOES if self._error(does) is None)

    def failure(self):
        """Return the first thing that worked and fails now, or ``None``."""
        with self._rolled_back():
            for does in self.works:
                error = self._error(does)
                if error is not None and not _is_about_values(self.connection, error):
                    said = hide(str(error).strip())
                    return {"does": does, "statement": self._statement, "error": said}
        return None

    def _error(self, does):
        """Do one thing; return what the database, or Django before it, said against it."""
        from django.db import transaction

        try:
            with transaction.atomic(using=self.connection.alias):
                getattr(self, "_" + does)()
        except Exception as error:  # noqa: BLE001 - fields of any package prepare the values
            return error
        return None

    def _select(self):
        self._row = next(iter(self._rows[:1]), None)

    def _insert(self):
        row = made_up(self.model, like=self._row, sparse=self._sparse)
        row.save(force_insert=True, using=self.connection.alias)
        self._row = row

    def _update(self):
        if self._row is not None:
            self._row.save(force_update=True, using=self.connection.alias)

    def _delete(self):
        if self._row is not None:
            rows = self._rows.filter(pk=self._row.pk)
            rows._raw_delete(self.connection.alias)

    @contextlib.contextmanager
    def _rolled_back(self):
        """Let nothing stay, and let relations lead nowhere meanwhile."""
        from django.db import transaction

        alias, self._row = self.connection.alias, None
        with contextlib.ExitStack() as stack:
            if self.connection.vendor == "mysql":
                stack.enter_context(self.connection.constraint_checks_disabled())
            stack.enter_context(transaction.atomic(using=alias))
            stack.enter_context(self.connection.execute_wrapper(self._remember))
            yield
            transaction.set_rollback(True, using=alias)

    def _remember(self, execute, sql, params, many, context):
        if not str(sql).startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            self._statement = " ".join(str(sql).split())
        return execute(sql, params, many, context)


def _is_about_values(connection, error):
    cause = error.__cause__ or error
    code = sqlstate(error)
    if code is None and connection.vendor == "mysql":
        code = cause.args[0] if cause.args else None
    said = str(cause) if code is None else str(code)
    return said.startswith(VALUES_REFUSED.get(connection.vendor, ()))
