"""What the functions of a migration file take, read and look up."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from workflow.history.execute import walk
from workflow.history.scope import ClassBinding, FunctionBinding, Module

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workflow.history.raw import Raw

    _Function = _ast.FunctionDef | _ast.AsyncFunctionDef


def functions_of(module: Module) -> dict[str, Raw]:
    """Return every function of the module and of its classes, by dotted name, as raw rows."""
    return {name: _row(module, node) for name, node in _bindings(module)}


def _bindings(module: Module) -> Iterator[tuple[str, _Function]]:
    for name, value in module.names.items():
        if isinstance(value, FunctionBinding):
            yield name, value.node
        elif isinstance(value, ClassBinding):
            for attribute, method in value.attributes.items():
                if isinstance(method, FunctionBinding):
                    yield f"{name}.{attribute}", method.node


def _row(module: Module, node: _Function) -> Raw:
    spec = node.args
    parameters = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    keyword_only = any(default is None for default in spec.kw_defaults)
    nodes = list(walk(node.body))
    every = [*parameters, *(arg.arg for arg in (spec.vararg, spec.kwarg) if arg is not None)]
    every += [arg.arg for arg in spec.kwonlyargs]
    imports, names = _reads(module, nodes, set(every))
    return (
        node.lineno,
        parameters,
        len(parameters) - len(spec.defaults),
        spec.vararg is not None,
        bool(node.decorator_list),
        keyword_only,
        names,
        imports,
        _lookups(nodes, parameters[0] if parameters else None),
    )


def _bound(node: _ast.AST) -> Iterator[str]:
    """Yield the names that a node binds in its function, which hide the module's own."""
    if type(node) is _ast.Name and type(node.ctx) is _ast.Store:
        yield node.id
    elif type(node) in {_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef}:
        yield node.name  # type: ignore[attr-defined]
    elif type(node) is _ast.ExceptHandler and node.name:
        yield node.name


def _reads(
    module: Module, nodes: Sequence[_ast.AST], parameters: set[str]
) -> tuple[list[Raw], list[str]]:
    imports: list[Raw] = []
    aliases: dict[str, str] = {}
    for inner in nodes:
        if type(inner) in {_ast.Import, _ast.ImportFrom}:
            for path, alias, line in imported(module, inner):
                imports.append((path, alias, line))
                aliases[alias] = path if type(inner) is _ast.ImportFrom else alias
    bound = parameters | {name for inner in nodes for name in _bound(inner)}
    aliases = {**dict.fromkeys(bound - aliases.keys(), ""), **aliases}
    names = {name: None for inner in nodes for name in _dotted(module, aliases, inner)}
    return imports, list(names)


def imported(module: Module, node: Any) -> Iterator[tuple[str, str, int]]:
    """Yield (path, alias, line) of each name that an import statement binds."""
    package = None
    if type(node) is _ast.ImportFrom:
        package = module.absolute(node.module, node.level)
    for alias in node.names:
        path = alias.name if package is None else f"{package}.{alias.name}"
        first = alias.name.partition(".")[0] if package is None else alias.name
        yield path, alias.asname or first, node.lineno


def _dotted(module: Module, aliases: dict[str, str], node: _ast.AST) -> Iterator[str]:
    parts: list[str] = []
    while type(node) is _ast.Attribute:
        parts.append(node.attr)
        node = node.value
    if type(node) is not _ast.Name or type(node.ctx) is not _ast.Load:
        return
    root = aliases[node.id] if node.id in aliases else _global(module, node.id)
    if root:
        yield ".".join([root, *reversed(parts)])


def _global(module: Module, name: str) -> str | None:
    value = module.names.get(name)
    if isinstance(value, ClassBinding | FunctionBinding):
        return f".{name}"
    if type(value) is tuple and value[0] == "r":
        return str(value[1])
    return None


def _lookups(nodes: Sequence[_ast.AST], registry: str | None) -> list[Raw]:
    """Return (app, model, line) of each ``apps.get_model(…)`` on the first parameter."""
    rows = []
    for inner in nodes:
        if type(inner) is _ast.Call and _is_lookup(inner.func, registry):
            app, model = _looked_up(inner)
            rows.append((app, model, inner.lineno))
    return sorted(rows, key=lambda row: row[2])


def _is_lookup(function: _ast.AST, registry: str | None) -> bool:
    return (
        type(function) is _ast.Attribute
        and function.attr == "get_model"
        and type(function.value) is _ast.Name
        and function.value.id == registry
    )


def _looked_up(call: _ast.Call) -> tuple[Raw, Raw]:
    given: dict[str, Raw] = {"app_label": ..., "model_name": ...}
    for name, arg in zip(given, call.args, strict=False):
        given[name] = _text(arg)
    for keyword in call.keywords:
        if keyword.arg in given:
            given[keyword.arg] = _text(keyword.value)
    app, model = given.values()
    alone = len(call.args) + len(call.keywords) == 1
    if alone and type(app) is str and app.count(".") == 1:
        app, _, model = app.partition(".")
    return app, model


def _text(node: _ast.AST) -> Raw:
    known = type(node) is _ast.Constant and type(node.value) is str
    return node.value if known else ...  # type: ignore[attr-defined]
