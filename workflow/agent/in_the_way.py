"""Counts the rows that keep a migration from being applied, with the query that shows them.

What a database says names one row at most. Here each operation that may have failed is looked at
with the models before and after it, and asked which rows it does not take.
"""

import contextlib
from collections import namedtuple

from _migration_workflow_agent.migrating import unheard
from _migration_workflow_agent.transaction_control import is_one_transaction

Question = namedtuple("Question", "kind model query count uses")  # noqa: PYI024 - no types here
"""``query`` shows the rows, ``count`` is a query for their number.

``uses`` has each model on whose table the query is, with the part of the query that names columns.
"""

NULLS = "without a value"
NO_DEFAULT = "for which there is no value"
ONE_VALUE = "that would all get the same value"
DUPLICATES = "that are not unique"
ORPHANS = "that refer to nothing"
TOO_LONG = "with a value that is too long"
OUT_OF_RANGE = "with a number that does not fit"
NO_NUMBER = "with a value that is no number"
VIOLATIONS = "that violate the check"


def rows_in_the_way(connection, state, migration, index, names):
    """Return what is in the way, as ``[{"kind", "model", "rows", "query", "lacks", "operation"}]``.

    ``state`` is the project's before the migration, which the database is at. An ``index`` of
    ``None`` means that the migration failed after its operations: any of them may be why. The
    operations before are done once more, since rows may be of their making, and undone.

    The queries are for the database as it was before the plan: ``names`` followed that up to the
    migration. ``lacks`` lists what they name that is not there yet.
    """
    found = []
    with unheard(connection), _undone(connection, migration) as can_undo:
        for number, operation in enumerate(migration.operations):
            before, state = state, state.clone()
            operation.state_forwards(migration.app_label, state)
            change = Change(connection, migration.app_label, operation, before, state)
            if index in {None, number}:
                found += [{**answer, "operation": number} for answer in change.answers(names)]
            names.follow(migration.app_label, operation)
            if number == index or (can_undo and not change.made()):
                break
    return found


@contextlib.contextmanager
def _undone(connection, migration):
    """Undo what is done in the block where that is possible; say whether it is."""
    from django.db import transaction

    if not (connection.features.can_rollback_ddl and is_one_transaction(migration)):
        yield False
        return
    with contextlib.ExitStack() as stack:
        if connection.vendor == "sqlite":  # whose schema editor wants it, outside of transactions
            stack.enter_context(connection.constraint_checks_disabled())
        stack.enter_context(transaction.atomic(using=connection.alias))
        yield True
        transaction.set_rollback(True, using=connection.alias)


class Change:
    """One operation with the models before and after it."""

    def __init__(self, connection, app, operation, before, after):
        self.connection = connection
        self.app = app
        self.operation = operation
        self.before = before
        self.after = after
        self.quote = connection.ops.quote_name

    def made(self):
        """Do it to the database, without what Django defers; say whether that worked."""
        from django.db import transaction

        try:
            with transaction.atomic(using=self.connection.alias):
                with self.connection.schema_editor(atomic=False) as editor:
                    self.operation.database_forwards(self.app, editor, self.before, self.after)
                    editor.deferred_sql.clear()
        except Exception:  # noqa: BLE001 - a RunPython raises what it likes
            return False
        return True

    def answers(self, names):
        """Return the questions to which there are rows, with their number.

        They are asked of what is there now, and told with the ``names`` of before the plan.
        """
        from django.db import Error, transaction

        before, after = names.restored(self.before), names.restored(self.after)
        told = Change(self.connection, self.app, self.operation, before, after)
        answers = []
        both = zip(self._questions(), told._questions())  # noqa: B905 - from Python 3.10 on
        for question, shown in both:
            with contextlib.suppress(Error), transaction.atomic(using=self.connection.alias):
                with self.connection.cursor() as cursor:
                    cursor.execute(question.count)
                    (rows,) = cursor.fetchone() or (0,)
                if rows:
                    answer = {"kind": question.kind, "model": question.model, "rows": int(rows)}
                    lacks = {
                        name
                        for model, sql in shown.uses
                        for name in names.lacking(model, sql, self.quote)
                    }
                    answers.append({**answer, "query": shown.query, "lacks": sorted(lacks)})
        return answers

    def _questions(self):
        from django.db.migrations import operations

        operation = self.operation
        if isinstance(operation, operations.AddField):
            yield from self._of_new_field()
        elif isinstance(operation, operations.AlterField):
            yield from self._of_altered_field()
        elif isinstance(operation, operations.AddConstraint):
            yield from self._of_constraint(operation.constraint)
        elif isinstance(operation, operations.AlterUniqueTogether):
            model = self._model(self.before, operation.name)
            known = {tuple(names) for names in model._meta.unique_together}
            new = self._model(self.after, operation.name)._meta.unique_together
            for names in (tuple(names) for names in new):
                if names not in known:
                    yield self._duplicates(model, names)

    def _of_new_field(self):
        model = self._model(self.before, self.operation.model_name)
        field = self.operation.field
        if field.many_to_many or getattr(field, "generated", False):
            return
        given = field.has_default() or _has_db_default(field)
        if not field.null and not given:
            yield self._rows(NO_DEFAULT, model, "")
        if field.unique and given:
            several = self._rows(ONE_VALUE, model, "")
            yield several._replace(count=several.count + " HAVING count(*) > 1")

    def _of_altered_field(self):
        model = self._model(self.before, self.operation.model_name)
        old = model._meta.get_field(self.operation.name)
        new = self._model(self.after, self.operation.model_name)._meta.get_field(
            self.operation.name
        )
        if old.many_to_many or new.many_to_many:
            return
        column = self.quote(old.column)
        if old.null and not new.null and not new.has_default() and not _has_db_default(new):
            yield self._rows(NULLS, model, f"{column} IS NULL")
        if new.unique and not old.unique:
            yield self._duplicates(model, [old.name])
        if new.remote_field is not None and new.db_constraint:
            yield self._orphans(model, column, new)
        yield from self._of_type(model, column, old, new)

    def _of_type(self, model, column, old, new):
        if new.max_length and (old.max_length is None or old.max_length > new.max_length):
            yield self._rows(TOO_LONG, model, f"CHAR_LENGTH({column}) > {new.max_length}")
        kind = new.get_internal_type()
        if "Integer" not in kind:
            return
        if "Integer" in old.get_internal_type():
            lowest, highest = self.connection.ops.integer_field_range(kind)
            if lowest is not None:
                outside = f"{column} NOT BETWEEN {lowest} AND {highest}"
                yield self._rows(OUT_OF_RANGE, model, outside)
        else:
            unlike = "!~" if self.connection.vendor == "postgresql" else "NOT REGEXP"
            yield self._rows(NO_NUMBER, model, f"{column} {unlike} '^ *[-+]?[0-9]+ *$'")

    def _of_constraint(self, constraint):
        from django.db import models

        model = self._model(self.after, self.operation.model_name)
        editor = self.connection.schema_editor(collect_sql=True)
        if isinstance(constraint, models.CheckConstraint):
            check = constraint._get_check_sql(model, editor)
            yield self._rows(VIOLATIONS, model, f"NOT ({check})")
        elif isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            condition = constraint._get_condition_sql(model, editor)
            yield self._duplicates(model, constraint.fields, condition)

    def _orphans(self, model, column, field):
        there = field.target_field
        others = field.remote_field.model._meta.db_table
        kept = f"SELECT {self.quote(there.column)} FROM {self.quote(others)}"  # noqa: S608 - quoted
        condition = f"{column} IS NOT NULL AND {column} NOT IN ({kept})"
        uses = ((model, column), (there.model, kept))
        return self._rows(ORPHANS, model, condition)._replace(uses=uses)

    def _rows(self, kind, model, condition):
        source = f"FROM {self._table(model)}" + (f" WHERE {condition}" if condition else "")
        count = f"SELECT count(*) {source}"
        return Question(kind, model._meta.label, f"SELECT * {source}", count, ((model, condition),))

    def _duplicates(self, model, names, condition=None):
        columns = [self.quote(model._meta.get_field(name).column) for name in names]
        where = " AND ".join(
            [f"{column} IS NOT NULL" for column in columns] + [f"({condition})"] * bool(condition)
        )
        listed = ", ".join(columns)
        query = (
            f"SELECT {listed}, count(*) AS same FROM {self._table(model)} "  # noqa: S608 - quoted
            f"WHERE {where} GROUP BY {listed} HAVING count(*) > 1"
        )
        count = f"SELECT sum(same) FROM ({query}) AS groups"  # noqa: S608 - quoted
        return Question(DUPLICATES, model._meta.label, query, count, ((model, query),))

    def _model(self, state, name):
        return state.apps.get_model(self.app, name)

    def _table(self, model):
        return self.quote(model._meta.db_table)


def _has_db_default(field):
    """Say whether the database itself has a default: from Django 5.0 on it may."""
    from django.db.models import NOT_PROVIDED

    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED
