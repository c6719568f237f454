"""Operations that contradict what is there before them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.corpora.mutating.ground import FIRST_OPERATION, Ground, Mutant, Place, kind
from tests.corpora.mutating.source import Source, keyword_of, text_in
from workflow.history.fields import Field
from workflow.history.values import Call
from workflow.rules.facts import has_plain_bases, has_table
from workflow.rules.sight import MODEL_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.state import Model


def _doubled(ground: Ground, *kinds: str) -> Iterator[tuple[Place, Mutant]]:
    """Yield operations that stand twice."""
    for place, source, node in ground.calls(*kinds):
        text, line = source.followed(node, f"        {source.segment(node)}")
        path = place.migration.path
        yield place, Mutant({path: text}, path, line)


def _is_kept(place: Place) -> bool:
    """Return whether Django certainly keeps a table for the model."""
    return place.model is not None and has_table(place.model)


@kind("field added twice", "FLD101")
def field_twice(ground: Ground) -> Iterator[Mutant]:
    for place, mutant in _doubled(ground, "AddField"):
        if _is_kept(place):
            yield mutant


@kind("field added on two branches", "FLD101")
def field_on_branches(ground: Ground) -> Iterator[Mutant]:
    """Copy a migration that only adds fields, and join the copy with the leaf node."""
    for place, source, _ in ground.calls("AddField"):
        migration, leaf = place.migration, ground.leaves.get(place.app)
        if leaf is None or leaf in ground.context.replaced or migration.replaces.line:
            continue
        name = f"{migration.key.name}_zz_branch"
        if place.app not in ground.context.census.opaque_apps and _stays(ground, place):
            path, text = ground.new_leaf(place.app)
            both = text.replace("dependencies = [", f"dependencies = [({place.app!r}, {name!r}), ")
            copy = ground.path(place.app, name)
            yield Mutant({copy: source.text, path: both}, copy, None, exact=False)


def _stays(ground: Ground, place: Place) -> bool:
    """Return whether a migration adds fields and nothing else, which are there to the end."""
    operations = place.migration.operations
    kept = {model.key: model for model in ground.models}
    model = kept.get(place.model.key) if place.model and _is_kept(place) else None
    return model is not None and all(
        operation.kind == "AddField"
        and str(operation.text("model_name")).lower() == model.key[1]
        and operation.argument("name") in model.fields
        for operation in operations
    )


@kind("model created twice", "FLD102")
def model_twice(ground: Ground) -> Iterator[Mutant]:
    for place, mutant in _doubled(ground, "CreateModel"):
        options = place.operation.argument("options", {})
        if isinstance(options, dict) and not {"managed", "proxy"} & options.keys():
            yield mutant


def _misspelled(
    ground: Ground, parameters: dict[str, str]
) -> Iterator[tuple[Place, Source, ast.Constant, str]]:
    """Yield operations with the string that is given as a parameter."""
    for place, source, node in ground.calls(*parameters):
        parameter = parameters[str(place.operation.kind)]
        value = place.operation.text(parameter)
        found = text_in(node, value, parameter) if isinstance(value, str) else None
        if found is not None and isinstance(value, str):
            yield place, source, found, value


@kind("typo in the name of a model", "FLD103")
def model_typo(ground: Ground) -> Iterator[Mutant]:
    parameters = {name: at for name, at in MODEL_PARAMETERS.items() if name != "CreateModel"}
    for place, source, node, value in _misspelled(ground, parameters):
        if not place.is_open and place.model is not None:
            path = place.migration.path
            text = source.replaced(node, repr(f"{value}x"))
            yield Mutant({path: text}, path, place.operation.line)


@kind("typo in the name of a field", "FLD104")
def field_typo(ground: Ground) -> Iterator[Mutant]:
    parameters = {"RemoveField": "name", "AlterField": "name", "RenameField": "old_name"}
    for place, source, node, value in _misspelled(ground, parameters):
        model = place.model
        if model and model.closed and has_table(model) and has_plain_bases(model):
            path = place.migration.path
            text = source.replaced(node, repr(f"{value}x"))
            yield Mutant({path: text}, path, place.operation.line)


@kind("field removed twice", "FLD104")
def removed_twice(ground: Ground) -> Iterator[Mutant]:
    for place, mutant in _doubled(ground, "RemoveField", "RenameField"):
        if place.model and place.model.closed:
            yield mutant


def _two_fields(model: Model) -> tuple[Field, Field] | None:
    fields = [
        field
        for name in model.fields
        if isinstance(field := model.field(name), Field) and field.has_column is True
    ]
    return (fields[-2], fields[-1]) if len(fields) > 2 else None


@kind("field renamed onto another", "FLD105")
def renamed_onto(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        two = _two_fields(model)
        if two and not _told_to_state(ground, model):
            operation = f"migrations.RenameField({model.name!r}, {two[0].name!r}, {two[1].name!r})"
            path, text = ground.new_leaf(model.app, operation)
            yield Mutant({path: text}, path, FIRST_OPERATION)


def _told_to_state(ground: Ground, model: Model) -> bool:
    """Return whether something of the model came by way of the state alone."""
    origins = [model.origin, *model.origins.values()]
    return any(
        ground.history.migrations[origin.migration].operations[origin.operation].kind
        in {"SeparateDatabaseAndState", "RunSQL"}
        for origin in origins
    )


@kind("model renamed onto another", "FLD105")
def model_onto(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        others = [one for one in ground.models if one.app == model.app and one is not model]
        if others and not any(_told_to_state(ground, one) for one in (model, others[0])):
            operation = f"migrations.RenameModel({model.name!r}, {others[0].name!r})"
            path, text = ground.new_leaf(model.app, operation)
            yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("index added twice", "FLD106")
def index_twice(ground: Ground) -> Iterator[Mutant]:
    for place, mutant in _doubled(ground, "AddIndex"):
        if _is_kept(place):
            yield mutant


@kind("typo in the name of an index", "FLD106")
def index_typo(ground: Ground) -> Iterator[Mutant]:
    parameters = {"RemoveIndex": "name", "RenameIndex": "old_name"}
    for place, source, node, value in _misspelled(ground, parameters):
        if _is_kept(place) and place.model and place.model.closed:
            path = place.migration.path
            text = source.replaced(node, repr(f"{value}x"))
            yield Mutant({path: text}, path, place.operation.line)


@kind("constraint added twice", "FLD107")
def constraint_twice(ground: Ground) -> Iterator[Mutant]:
    for place, mutant in _doubled(ground, "AddConstraint"):
        call = place.operation.argument("constraint")
        if _is_kept(place) and isinstance(call, Call) and isinstance(call.argument("name"), str):
            yield mutant


@kind("typo in the name of a constraint", "FLD107")
def constraint_typo(ground: Ground) -> Iterator[Mutant]:
    for place, source, node, value in _misspelled(ground, {"RemoveConstraint": "name"}):
        if _is_kept(place) and place.model and place.model.closed:
            path = place.migration.path
            text = source.replaced(node, repr(f"{value}x"))
            yield Mutant({path: text}, path, place.operation.line)


@kind("table of another model", "FLD108")
def same_table(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        table = model.option("db_table", default=None)
        taken = table if isinstance(table, str) else f"{model.app}_{model.name.lower()}"
        key = '("id", models.AutoField(primary_key=True))'
        operation = f'migrations.CreateModel("ZzMutant", [{key}], {{"db_table": {taken!r}}})'
        path, text = ground.new_leaf(model.app, operation)
        if table is None or isinstance(table, str):
            yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("column of another field", "FLD109")
def same_column(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        two = _two_fields(model)
        column = two[1].column if two else None
        if isinstance(column, str) and not _told_to_state(ground, model):
            field = f"models.IntegerField(null=True, db_column={column!r})"
            operation = f'migrations.AddField({model.name!r}, "zz_mutant", {field})'
            path, text = ground.new_leaf(model.app, operation)
            yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("name of an index too long", "FLD110")
def long_index(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        index = f'models.Index(fields=["pk"], name="{"zz_mutant_" * 4}")'
        path, text = ground.new_leaf(model.app, f"migrations.AddIndex({model.name!r}, {index})")
        yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("column too long for PostgreSQL", "FLD110", vendor="postgresql")
def long_column(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        field = "models.IntegerField(null=True)"
        operation = f'migrations.AddField({model.name!r}, "{"zz_mutant_" * 7}", {field})'
        path, text = ground.new_leaf(model.app, operation)
        yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("index on a field that is not there", "FLD111")
def index_on_nothing(ground: Ground) -> Iterator[Mutant]:
    for place, source, node in ground.calls("AddIndex", "AlterUniqueTogether"):
        model = place.model
        if not (model and model.closed and has_table(model) and has_plain_bases(model)):
            continue
        for inner in ast.walk(node):
            is_field = isinstance(inner, ast.Constant) and inner.value in model.fields
            if is_field and isinstance(inner, ast.Constant) and _is_listed(node, inner):
                path = place.migration.path
                text = source.replaced(inner, repr(f"{inner.value!s}x"))
                yield Mutant({path: text}, path, place.operation.line)
                break


def _is_listed(node: ast.Call, inner: ast.Constant) -> bool:
    """Return whether a string is an element of ``fields`` or of ``unique_together``."""
    given = [keyword_of(one, "fields") for one in ast.walk(node) if isinstance(one, ast.Call)]
    given.append(keyword_of(node, "unique_together"))
    return any(inner in ast.walk(one.value) for one in given if one)


@kind("name of an index that another model has", "FLD112")
def index_name_taken(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        others = [one for one in ground.models if one.app == model.app and one is not model]
        names = [name for one in others for name in one.indexes if "%" not in name]
        if names:
            index = f'models.Index(fields=["pk"], name={names[0]!r})'
            path, text = ground.new_leaf(model.app, f"migrations.AddIndex({model.name!r}, {index})")
            yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("typo in what a field points to", "FLD113")
def target_typo(ground: Ground) -> Iterator[Mutant]:
    for place, source, node in ground.calls("AddField"):
        field = next((one for one in ast.walk(node) if _points(one)), None)
        target = keyword_of(field, "to") if isinstance(field, ast.Call) else None
        value = target.value if target else None
        if (
            isinstance(value, ast.Constant)
            and str(value.value).partition(".")[0] in ground.leaves
            and str(value.value).partition(".")[0] not in ground.context.census.opaque_apps
            and not ground.context.unsettled_apps
            and place.model
        ):
            path = place.migration.path
            text = source.replaced(value, repr(f"{value.value!s}x"))
            yield Mutant({path: text}, path, place.operation.line)


def _points(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and keyword_of(node, "to") is not None


@kind("model deleted that is pointed to", "FLD114")
def pointed_to(ground: Ground) -> Iterator[Mutant]:
    targets = {
        target
        for model in ground.models
        for name in model.fields
        if isinstance(field := model.field(name), Field)
        and isinstance(target := field.related_to(*model.key), tuple)
        and target != model.key
    }
    for model in ground.shuffled(ground.models):
        if model.key in targets:
            path, text = ground.new_leaf(model.app, f"migrations.DeleteModel({model.name!r})")
            yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("dependency on another app taken out", "GRF112")
def dependency_out(ground: Ground) -> Iterator[Mutant]:
    """Add a field that points to an app which the migration does not wait for."""
    for model in ground.shuffled(ground.models):
        leaf = ground.leaves[model.app]
        known = ground.history.full.ancestors(leaf) | {leaf}
        for other in ground.shuffled(ground.models):
            plan = ground.history.full.plan()
            creator = other.origin.migration
            early = plan.index(creator) < plan.index(leaf)
            unseen = ground.context.order.may_run_before(leaf, creator)
            if other.app != model.app and creator not in known and early and not unseen:
                key = f'models.ForeignKey("{other.app}.{other.name}", models.CASCADE, null=True)'
                operation = f'migrations.AddField({model.name!r}, "zz_mutant", {key})'
                path, text = ground.new_leaf(model.app, operation)
                yield Mutant({path: text}, path, FIRST_OPERATION)
                break
