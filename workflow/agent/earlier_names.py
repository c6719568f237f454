"""What tables and columns were called in a database before the plan that renames them.

In the middle of a plan the models have names that only the copy knows, where the plan runs. What a
person is to run on the database itself has to name things as they are called there.
"""


class EarlierNames:
    """Follows a plan from its begin; ``state`` is the project's there, ``schema`` the database's.

    A field is known by its model and name, as operations name them, and so has one column before
    the plan whatever renames that: RenameField, RenameModel, AlterModelTable, or a ``db_column``.
    """

    def __init__(self, state, schema):
        self._schema = schema
        # ``None`` is what the plan makes. What is in neither is looked for in the schema: what only
        # the state was told of, and what models have that no migration made.
        self._tables = {}
        self._columns = {}
        for key, model in state.models.items():
            meta = state.apps.get_model(*key)._meta
            self._tables[key] = meta.db_table
            self._columns[key] = {name: meta.get_field(name).column for name in model.fields}

    def follow(self, app, operation, *, only_state=False):
        """Take note of the operation that comes next in the plan."""
        from django.db.migrations import operations

        if isinstance(operation, (operations.SeparateDatabaseAndState, operations.RunSQL)):
            only_state = only_state or not isinstance(operation, operations.RunSQL)
            for one in operation.state_operations or ():
                self.follow(app, one, only_state=only_state)
        elif isinstance(operation, operations.RenameModel):
            old, new = (app, operation.old_name_lower), (app, operation.new_name_lower)
            for known in (self._tables, self._columns):
                _move(known, old, new)
        elif isinstance(operation, (operations.CreateModel, operations.DeleteModel)):
            key = (app, operation.name_lower)
            self._columns.pop(key, None)
            managed = getattr(operation, "options", {}).get("managed", True)
            _replace(self._tables, key, made=managed and not only_state)
        elif isinstance(operation, operations.RenameField):
            columns = self._columns.get((app, operation.model_name_lower), {})
            _move(columns, operation.old_name, operation.new_name)
        elif isinstance(operation, (operations.AddField, operations.RemoveField)):
            columns = self._columns.setdefault((app, operation.model_name_lower), {})
            _replace(columns, operation.name, made=not only_state)

    def restored(self, state):
        """Return the state with the names of before, or itself where they are the same."""
        from django.db.migrations.state import ProjectState

        models = {key: model.clone() for key, model in state.models.items()}
        differs = False
        for key, model in models.items():
            meta, table = state.apps.get_model(*key)._meta, self._tables.get(key)
            if meta.proxy or table is None:
                continue
            if meta.db_table != table:
                model.options["db_table"], differs = table, True
            for name, column in self._columns[key].items():
                given = column is not None and name in model.fields
                if given and meta.get_field(name).column != column:
                    model.fields[name], differs = _called(model.fields[name], column), True
        return ProjectState(models, state.real_apps) if differs else state

    def lacking(self, model, sql, quote):
        """Return what was not there of a model's table and the columns named in a part of a query.

        ``model`` is of a state that is ``restored``, ``quote`` what quotes names in SQL.
        """
        key, table = (model._meta.app_label, model._meta.model_name), model._meta.db_table
        if (self._tables[key] is None) if key in self._tables else (table not in self._schema):
            return [table]
        columns = self._columns.get(key, {})
        return [
            f"{table}.{field.column}"
            for field in model._meta.local_concrete_fields
            if quote(field.column) in sql
            and (
                columns[field.name] is None
                if field.name in columns
                else not self._has(table, field.column)
            )
        ]

    def _has(self, table, column):
        lines = self._schema.get(table, ())
        return any(line.startswith(f"column {column} ") for line in lines)


def _move(known, old, new):
    if old in known:
        known[new] = known.pop(old)


def _replace(known, name, *, made):
    """Forget what had a name; what has it now was made in the plan, or only told of."""
    known.pop(name, None)
    if made:
        known[name] = None


def _called(field, column):
    field = field.clone()
    field.db_column = column
    return field
