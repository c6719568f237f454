"""What each of Django's operations does to the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from workflow.history.fields import Field, field_of, model_key
from workflow.history.schema import Model, ModelKey, Origin, State
from workflow.history.values import UNKNOWN, Call, Ref, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workflow.history.model import Operation
    from workflow.history.values import Key, Value

ALTERED_OPTIONS = frozenset(
    {"base_manager_name", "default_manager_name", "default_related_name", "get_latest_by",
     "managed", "ordering", "permissions", "default_permissions", "select_on_save",
     "verbose_name", "verbose_name_plural"}
)  # fmt: skip
"""Options that ``AlterModelOptions`` unsets where it does not set them."""


class Change:
    """One operation about to change the state."""

    __slots__ = ("app", "operation", "origin", "state")

    def __init__(self, state: State, app: str, operation: Operation, origin: Origin) -> None:
        self.state = state
        self.app = app
        self.operation = operation
        self.origin = origin

    def apply(self) -> None:
        """Change the state as Django would, as far as that is certain."""
        kind = self.operation.kind
        if isinstance(kind, Unknown):
            self.state.blur(self.app)
        elif kind in _CHANGES:
            _CHANGES[kind](self)

    def key(self, parameter: str) -> ModelKey | None:
        """Return the key of the model that an argument names, ``None`` if it is not known."""
        name = self.operation.text(parameter)
        return (self.app, name.lower()) if isinstance(name, str) else None

    def target(self, parameter: str) -> Model | None:
        """Return what is known of the model to change; without a name, blur them all."""
        key = self.key(parameter)
        if key is None:
            self.state.blur(self.app)
            return None
        return self.state.get(key)

    def store(self, model: Model, *names: str | None) -> None:
        """Put a changed model back. ``names`` are the parts that this operation touched.

        Where the operation may not be there, these parts are not sure afterwards.
        """
        touched = frozenset(name for name in names if name is not None)
        if self.operation.certain:
            unsure = model.unsure - touched if touched else model.unsure
            self.state.replace(model._replace(unsure=unsure))
            return
        self.state.replace(model._replace(unsure=model.unsure | touched, closed=False))


def _create_model(change: Change) -> None:
    operation = change.operation
    name = operation.text("name")
    if isinstance(name, Unknown):
        change.state.blur(change.app)
        return
    fields, closed = _fields(operation.argument("fields", UNKNOWN))
    options = operation.argument("options", {})
    closed = closed and isinstance(options, dict)
    given: Mapping[Key, Value] = options if isinstance(options, dict) else {UNKNOWN: UNKNOWN}
    indexes, all_indexes = _named(given, "indexes")
    constraints, all_constraints = _named(given, "constraints")
    names = (*fields, *indexes, *constraints)
    model = Model(
        change.app,
        name,
        fields,
        {key: value for key, value in given.items() if key not in {"indexes", "constraints"}},
        _bases(operation.argument("bases"), change.app),
        indexes,
        constraints,
        change.origin,
        dict.fromkeys(names, change.origin),
        closed and all_indexes and all_constraints,
    )
    known = change.state.get(model.key)
    if operation.certain or known is None:
        change.state.put(model, certain=operation.certain)
    else:
        change.state.put(known._replace(closed=False, unsure=frozenset(names)), certain=False)


def _fields(value: Value) -> tuple[dict[str, Field], bool]:
    """Return a list of (name, field) pairs as a dictionary, and whether these are all."""
    if not _is_sequence(value):
        return {}, False
    fields: dict[str, Field] = {}
    closed = True
    for item in value:
        if _is_sequence(item) and len(item) == 2 and isinstance(item[0], str):
            fields[item[0]] = field_of(item[0], item[1])
        else:
            closed = False
    return fields, closed


def _is_sequence(value: Value) -> TypeGuard[tuple[Value, ...]]:
    return isinstance(value, tuple) and not isinstance(value, Call | Ref)


def _named(options: Mapping[Key, Value], name: str) -> tuple[dict[str, Call | None], bool]:
    """Return the indexes or constraints in ``Meta`` by name, and whether these are all."""
    value = options.get(name, ())
    if not _is_sequence(value):
        return {}, False
    named = {item_name: item for item in value if (item_name := _name_of(item)) is not None}
    calls = {key: item if isinstance(item, Call) else None for key, item in named.items()}
    return calls, len(calls) == len(value) and UNKNOWN not in options


def _name_of(value: Value) -> str | None:
    name = value.argument("name") if isinstance(value, Call) else None
    return name if isinstance(name, str) else None


def _bases(value: Value, app: str) -> tuple[str | Unknown, ...]:
    if value is None or value == ():
        return ("django.db.models.Model",)
    if not _is_sequence(value):
        return (UNKNOWN,)
    return tuple([_base(item, app) for item in value])


def _base(value: Value, app: str) -> str | Unknown:
    if isinstance(value, Ref):
        return value.path
    key = model_key(value, app)
    return key if isinstance(key, Unknown) else ".".join(key)


def _delete_model(change: Change) -> None:
    key = change.key("name")
    if key is None:
        change.state.blur(change.app)
    else:
        change.state.remove(key, certain=change.operation.certain)


def _rename_model(change: Change) -> None:
    old, new = change.key("old_name"), change.key("new_name")
    model = change.target("old_name")
    if new is None:
        change.state.blur(change.app)
    if old is None or new is None or model is None:
        return
    certain = change.operation.certain
    name = str(change.operation.text("new_name"))
    sure = isinstance(change.state.model(*old), Model)
    change.state.remove(old, certain=certain)
    change.state.put(model._replace(name=name), certain=certain and sure)
    if old != new:
        _repoint(change.state, old, f"{change.app}.{name}")


def _repoint(state: State, old: ModelKey, new: str) -> None:
    """Let every field that points to a renamed model point to its new name."""
    for model in state.pointing_to(old):
        changed = {
            name: moved
            for name, field in model.fields.items()
            if field.is_relation is not False
            and (moved := _moved(field, model, old, new)) is not field
        }
        if changed:
            state.replace(model._replace(fields={**model.fields, **changed}))
            for field in changed.values():
                state.note(model, field)


def _moved(field: Field, model: Model, old: ModelKey, new: str) -> Field:
    for argument in ("to", "through"):
        value = field.argument(argument)
        if isinstance(value, str) and model_key(value, model.app, model.name) == old:
            if value == "self":
                continue
            field = field.with_override(argument, new)
    return field


def _add_field(change: Change) -> None:
    model = change.target("model_name")
    name = change.operation.text("name")
    if model is None:
        return
    if isinstance(name, Unknown):
        change.state.replace(model._replace(closed=False))
        return
    field = field_of(name, change.operation.argument("field", UNKNOWN))
    if change.operation.argument("preserve_default", default=True) is not True:
        field = field.without_default()
    if not change.operation.certain and name in model.fields:
        field = model.fields[name]
    change.state.note(model, field)
    change.store(
        model._replace(
            fields={**model.fields, name: field},
            origins={**model.origins, name: change.origin},
        ),
        name,
    )


def _remove_field(change: Change) -> None:
    model = change.target("model_name")
    name = change.operation.text("name")
    if model is None:
        return
    if isinstance(name, Unknown):
        _blur_fields(change, model)
        return
    if not change.operation.certain:
        change.store(model, name)
        return
    fields = {key: field for key, field in model.fields.items() if key != name}
    change.store(model._replace(fields=fields), name)


def _blur_fields(change: Change, model: Model) -> None:
    unsure = model.unsure.union(model.fields)
    change.state.replace(model._replace(unsure=unsure, closed=False))


def _alter_field(change: Change) -> None:
    model = change.target("model_name")
    name = change.operation.text("name")
    if model is None:
        return
    if isinstance(name, Unknown):
        _blur_fields(change, model)
    elif change.operation.certain:
        _add_field(change)
    else:
        change.store(model, name)


def _rename_field(change: Change) -> None:
    model = change.target("model_name")
    old, new = change.operation.text("old_name"), change.operation.text("new_name")
    if model is None:
        return
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        _blur_fields(change, model)
        return
    field = model.fields.get(old)
    if field is None:
        change.store(model._replace(closed=False), new)
        return
    if not change.operation.certain:
        change.store(model, old, new)
        return
    fields = {key: value for key, value in model.fields.items() if key != old}
    origins = {key: value for key, value in model.origins.items() if key != old}
    changed = model._replace(
        fields={**fields, new: field._replace(name=new)},
        origins={**origins, new: change.origin},
        options=_renamed_options(model.options, old, new),
    )
    unsure_before = old in model.unsure
    change.store(changed, old, new)
    if unsure_before:
        change.state.replace(changed._replace(unsure=(model.unsure - {old}) | {new}))
    _rename_target(change.state, model, old, new)


def _renamed_options(options: Mapping[Key, Value], old: str, new: str) -> dict[Key, Value]:
    result = dict(options)
    for name in ("unique_together", "index_together"):
        if name in result:
            result[name] = _renamed(result[name], old, new)
    return result


def _renamed(value: Value, old: str, new: str) -> Value:
    if value == old:
        return new
    return tuple([_renamed(item, old, new) for item in value]) if _is_sequence(value) else value


def _rename_target(state: State, target: Model, old: str, new: str) -> None:
    """Let ``to_field`` of foreign keys follow the new name of a field."""
    for model in state.pointing_to(target.key):
        changed = {
            name: field.with_override("to_field", new)
            for name, field in model.fields.items()
            if field.call is not None
            and "to_field" in field.call.kwargs
            and field.argument("to_field") == old
            and field.related_to(model.app, model.name) == target.key
        }
        if changed:
            state.replace(model._replace(fields={**model.fields, **changed}))


def _option_setter(option: str, parameter: str) -> Callable[[Change], None]:
    def set_option(change: Change) -> None:
        model = change.target("name")
        if model is None:
            return
        value = change.operation.argument(parameter, UNKNOWN)
        value = value if change.operation.certain else UNKNOWN
        change.store(model._replace(options={**model.options, option: value}))

    return set_option


def _alter_options(change: Change) -> None:
    model = change.target("name")
    if model is None:
        return
    given = change.operation.argument("options", UNKNOWN)
    options: dict[Key, Value] = {
        name: value for name, value in model.options.items() if name not in ALTERED_OPTIONS
    }
    if isinstance(given, dict) and change.operation.certain:
        options.update(given)
    else:
        options.update(dict.fromkeys(ALTERED_OPTIONS, UNKNOWN))
        options[UNKNOWN] = UNKNOWN
    change.store(model._replace(options=options))


def _parts(model: Model, part: str) -> Mapping[str, Call | None]:
    return model.indexes if part == "indexes" else model.constraints


def _with_parts(model: Model, part: str, parts: Mapping[str, Call | None]) -> Model:
    if part == "indexes":
        return model._replace(indexes=parts)
    return model._replace(constraints=parts)


def _add_part(part: str, parameter: str) -> Callable[[Change], None]:
    """Return what adds an index or a constraint."""

    def add(change: Change) -> None:
        model = change.target("model_name")
        if model is None:
            return
        value = change.operation.argument(parameter, UNKNOWN)
        name = _name_of(value)
        if name is None:
            change.state.replace(model._replace(closed=False))
            return
        call = value if isinstance(value, Call) else None
        model = _with_parts(model, part, {**_parts(model, part), name: call})
        change.store(model._replace(origins={**model.origins, name: change.origin}), name)

    return add


def _remove_part(part: str) -> Callable[[Change], None]:
    """Return what removes an index or a constraint."""

    def remove(change: Change) -> None:
        model = change.target("model_name")
        name = change.operation.text("name")
        if model is None:
            return
        there = _parts(model, part)
        if isinstance(name, Unknown):
            unsure = model.unsure.union(there)
            change.state.replace(model._replace(unsure=unsure, closed=False))
            return
        if change.operation.certain:
            kept = {key: value for key, value in there.items() if key != name}
            model = _with_parts(model, part, kept)
        change.store(model, name)

    return remove


def _alter_constraint(change: Change) -> None:
    model = change.target("model_name")
    name = change.operation.text("name")
    value = change.operation.argument("constraint", UNKNOWN)
    if model is None or isinstance(name, Unknown) or name not in model.constraints:
        return
    call = value if isinstance(value, Call) else None
    change.store(model._replace(constraints={**model.constraints, name: call}), name)


def _rename_index(change: Change) -> None:
    model = change.target("model_name")
    operation = change.operation
    new, old = operation.text("new_name"), operation.argument("old_name")
    if model is None:
        return
    if isinstance(new, Unknown) or isinstance(old, Unknown):
        unsure = model.unsure.union(model.indexes)
        change.state.replace(model._replace(unsure=unsure, closed=False))
        return
    fields = operation.argument("old_fields")
    call = Call("django.db.models.Index", (), {"fields": fields, "name": new}, operation.line)
    moved = call if old is None else model.indexes.get(str(old))
    kept = {key: value for key, value in model.indexes.items() if key != old}
    options = model.options if old is not None else _without_together(model.options, fields)
    if operation.certain:
        model = model._replace(
            indexes={**kept, new: moved},
            origins={**model.origins, new: change.origin},
            options=options,
        )
    change.store(model, new, old if isinstance(old, str) else None)


def _without_together(options: Mapping[Key, Value], fields: Value) -> Mapping[Key, Value]:
    together = options.get("index_together")
    if not _is_sequence(together):
        return options
    return {**options, "index_together": tuple([item for item in together if item != fields])}


_CHANGES: dict[str, Callable[[Change], None]] = {
    "CreateModel": _create_model,
    "DeleteModel": _delete_model,
    "RenameModel": _rename_model,
    "AlterModelTable": _option_setter("db_table", "table"),
    "AlterModelTableComment": _option_setter("db_table_comment", "table_comment"),
    "AlterUniqueTogether": _option_setter("unique_together", "unique_together"),
    "AlterIndexTogether": _option_setter("index_together", "index_together"),
    "AlterOrderWithRespectTo": _option_setter("order_with_respect_to", "order_with_respect_to"),
    "AlterModelOptions": _alter_options,
    "AddField": _add_field,
    "RemoveField": _remove_field,
    "AlterField": _alter_field,
    "RenameField": _rename_field,
    "AddIndex": _add_part("indexes", "index"),
    "AddIndexConcurrently": _add_part("indexes", "index"),
    "RemoveIndex": _remove_part("indexes"),
    "RemoveIndexConcurrently": _remove_part("indexes"),
    "RenameIndex": _rename_index,
    "AddConstraint": _add_part("constraints", "constraint"),
    "AddConstraintNotValid": _add_part("constraints", "constraint"),
    "RemoveConstraint": _remove_part("constraints"),
    "AlterConstraint": _alter_constraint,
}
