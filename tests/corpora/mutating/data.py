"""Faults of data migrations and raw SQL."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.corpora.mutating.ground import FIRST_OPERATION, Ground, Mutant, Place, kind
from tests.corpora.mutating.source import Source, last
from workflow.history.values import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator


def _without_second(ground: Ground, name: str, keyword: str) -> Iterator[Mutant]:
    """Yield operations that lost their way back."""
    for place, source, node in ground.calls(name):
        given = next((one.value for one in node.keywords if one.arg == keyword), None)
        second = given or (node.args[1] if len(node.args) > 1 else None)
        if second is not None and place.operation.argument(keyword) is not None:
            path = place.migration.path
            yield Mutant({path: source.replaced(second, "None")}, path, place.operation.line)


@kind("RunPython that lost its reverse", "DAT101")
def no_reverse(ground: Ground) -> Iterator[Mutant]:
    yield from _without_second(ground, "RunPython", "reverse_code")


@kind("RunSQL that lost its reverse", "SQL101")
def no_reverse_sql(ground: Ground) -> Iterator[Mutant]:
    yield from _without_second(ground, "RunSQL", "reverse_sql")


def _functions(ground: Ground) -> Iterator[tuple[Place, Source, ast.FunctionDef]]:
    """Yield what RunPython calls, where it stands in the same file."""
    for place, source, _ in ground.calls("RunPython"):
        code = place.operation.argument("code")
        if isinstance(code, Ref) and code.path.startswith("."):
            function = source.function(code.name)
            if function and not function.decorator_list:
                yield place, source, function


@kind("model imported into a data migration", "DAT102")
def imported(ground: Ground) -> Iterator[Mutant]:
    for place, source, function in _functions(ground):
        app = ground.history.apps[place.app]
        models = [model for model in ground.models if model.app == place.app]
        first = function.body[0]
        if not models or first.lineno == function.lineno:
            continue
        module = app.module.rpartition(".")[0] + ".models"
        new = f"    from {module} import {models[0].name} as Zz; Zz.objects.all()\n"
        path = place.migration.path
        yield Mutant({path: source.with_line_before(first.lineno, new)}, path, first.lineno)


@kind("function that takes one argument", "DAT103")
def one_argument(ground: Ground) -> Iterator[Mutant]:
    for place, source, function in _functions(ground):
        if len(function.args.args) == 2 and function.args.args[1].lineno == function.lineno:
            line = source.text.splitlines(keepends=True)[function.lineno - 1]
            new = f"def {function.name}({function.args.args[0].arg}):\n"
            path = place.migration.path
            if line.rstrip().endswith("):"):
                yield Mutant({path: source.text.replace(line, new)}, path, place.operation.line)


@kind("typo in get_model", "DAT104")
def lookup_typo(ground: Ground) -> Iterator[Mutant]:
    for place, source, function in _functions(ground):
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and last(node.func) == "get_model"
                and len(node.args) == 2
            ):
                app, model = node.args
                known = ground.leaves.keys() - ground.context.census.opaque_apps
                if (
                    isinstance(app, ast.Constant)
                    and app.value in known
                    and isinstance(model, ast.Constant)
                ):
                    path = place.migration.path
                    text = source.replaced(model, repr(f"{model.value!s}x"))
                    yield Mutant({path: text}, path, node.lineno)
                    break


@kind("schema and data in one migration", "DAT105", vendor="postgresql")
def mixed(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        add = f'migrations.AddField({model.name!r}, "zz_mutant", models.IntegerField(null=True))'
        run = "migrations.RunPython(zz, zz)"
        path, text = ground.new_leaf(model.app, add, run, head="zz = lambda apps, editor: None")
        yield Mutant({path: text}, path, FIRST_OPERATION + 1)


@kind("generated name", "DAT106")
def generated(ground: Ground) -> Iterator[Mutant]:
    for app in ground.shuffled(ground.leaves):
        text = ground.new_leaf(app)[1]
        path = ground.path(app, ground.next_name(app, "auto_20240301_1412"))
        yield Mutant({path: text}, path, 1)


@kind("statement with a lone parameter", "SQL102")
def three(ground: Ground) -> Iterator[Mutant]:
    for app in ground.shuffled(ground.leaves):
        operation = 'migrations.RunSQL([("SELECT %s, %s", 1, 2)], "")'
        path, text = ground.new_leaf(app, operation)
        yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("CONCURRENTLY inside a transaction", "SQL103")
def concurrently(ground: Ground) -> Iterator[Mutant]:
    for app in ground.shuffled(ground.leaves):
        operation = 'migrations.RunSQL("CREATE INDEX CONCURRENTLY a ON b (c)", "")'
        path, text = ground.new_leaf(app, operation)
        yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("transaction ended inside an atomic migration", "SQL104")
def ended(ground: Ground) -> Iterator[Mutant]:
    for app in ground.shuffled(ground.leaves):
        path, text = ground.new_leaf(app, 'migrations.RunSQL("BEGIN; SELECT 1; COMMIT;", "")')
        yield Mutant({path: text}, path, FIRST_OPERATION)
