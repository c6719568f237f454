"""Expressions of a file as raw values, without executing anything.

What is certain is computed, what has a name keeps it, and the rest is ``...``.
"""

from __future__ import annotations

import _ast
import builtins
from typing import TYPE_CHECKING, Any

from workflow.history import folding
from workflow.history.joining import join, maybe
from workflow.history.raw import (
    MORE,
    Raw,
    are_exact,
    is_call,
    is_constant,
    is_ref,
    items_of,
    ref,
    truth_of,
    without_locals,
)
from workflow.history.scope import ClassBinding, FunctionBinding, Module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_NESTING = 100
"""How deep expressions may nest before the rest counts as unknown."""
MAX_CALLS = 8
"""How deep calls of the project's own functions are followed."""


class Evaluator:
    """Evaluates the expressions of one module.

    ``scopes`` are the namespaces that names are looked up in, innermost last.
    ``run`` executes a function's body; statements live in a module of their own.
    """

    def __init__(
        self,
        module: Module,
        scopes: list[dict[str, Raw]],
        run: Callable[[Evaluator, FunctionBinding, dict[str, Raw]], Raw],
        calls: int = 0,
    ) -> None:
        self.module = module
        self.scopes = scopes
        self.run = run
        self.calls = calls
        self.nesting = 0

    def value(self, node: _ast.AST) -> Raw:
        """Return the raw value of an expression."""
        kind = type(node)
        if kind is _ast.Constant:
            return _constant(self, node)
        handler = _HANDLERS.get(kind)
        if handler is None or self.nesting > MAX_NESTING:
            return ...
        self.nesting += 1
        result = handler(self, node)
        self.nesting -= 1
        return result

    def items(self, nodes: list[Any]) -> list[Raw]:
        """Return the values of a display or of arguments, ``*`` unpacked."""
        result: list[Raw] = []
        for node in nodes:
            if type(node) is _ast.Starred:
                result += self.unpacked(self.value(node.value))
            else:
                result.append(self.value(node))
        return result

    def list_items(self, nodes: list[Any]) -> list[Raw]:
        """Return the values of a list display.

        Other than with arguments or pairs, it does not matter at which position an item
        stands: of a conditional one, either may be there.
        """
        if not any(type(node) is _ast.IfExp for node in nodes):
            return self.items(nodes)
        result: list[Raw] = []
        for node in nodes:
            conditional = type(node) is _ast.IfExp
            result += self._conditional_item(node) if conditional else self.items([node])
        return result

    def _conditional_item(self, node: _ast.IfExp) -> list[Raw]:
        truth = truth_of(self.forced(self.value(node.test)))
        if truth is not None:
            return [self.value(node.body if truth else node.orelse)]
        variants = [self.value(node.body), self.value(node.orelse)]
        joined = join(*variants)
        return [joined] if joined is not ... else [maybe(variant) for variant in variants]

    def unpacked(self, raw: Raw) -> list[Raw]:
        """Return what ``*raw`` stands for."""
        items = items_of(self.forced(raw))
        return [MORE] if items is None else items

    def forced(self, raw: Raw) -> Raw:
        """Return what a name or a call of another module stands for, else the value itself."""
        if type(raw) is not tuple or raw[0] not in {"r", "c"} or self.module.loader is None:
            return raw
        path = raw[1]
        if path.startswith((".", "django.", "builtins.")):
            return raw
        found = find(self.module, path)
        if found is None:
            return raw
        owner, value = found
        if raw[0] == "c":
            return self._call_elsewhere(owner, value, raw)
        return raw if isinstance(value, ClassBinding | FunctionBinding) else value

    def _call_elsewhere(self, owner: Module, value: Raw, raw: Raw) -> Raw:
        if not isinstance(value, FunctionBinding):
            return raw
        result = self.call_function(value, raw[2], raw[3])
        return raw if result is ... else without_locals(result, owner.name)

    def call_function(self, binding: FunctionBinding, args: list[Raw], kwargs: Raw) -> Raw:
        """Return what a function of the project returns for these arguments."""
        names = bound(binding, args, kwargs, self)
        if names is None or self.calls >= MAX_CALLS:
            return ...
        self.module.burn(20)
        return self.run(self, binding, names)

    def lookup(self, name: str) -> Raw:
        """Return what a name is bound to, functions and classes themselves."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        if self.module.has_star:
            return ...
        return ref(f"builtins.{name}") if name in _BUILTINS else ...


def find(module: Module, path: str) -> tuple[Module, Raw] | None:
    """Return the project's module that binds this dotted path, and what it binds."""
    owner, _, name = path.rpartition(".")
    if not owner or module.loader is None:
        return None
    other = module.loader.module(owner)
    if other is None or name not in other.names:
        return None
    value = other.names[name]
    if is_ref(value) and not value[1].startswith(".") and value[1] != path:
        return find(other, value[1]) or (other, value)
    if isinstance(value, ClassBinding | FunctionBinding):
        return other, value
    return other, without_locals(value, other.name)


def bound(
    binding: FunctionBinding, args: list[Raw], kwargs: dict[Raw, Raw], evaluator: Evaluator
) -> dict[str, Raw] | None:
    """Return the parameters of a call by name, ``None`` where they cannot be told."""
    spec = binding.node.args
    if spec.vararg or spec.kwarg or spec.kwonlyargs or binding.node.decorator_list:
        return None
    names = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    if len(args) > len(names) or not are_exact(args) or not set(kwargs) <= set(names):
        return None
    defaults = dict(zip(reversed(names), reversed(spec.defaults), strict=False))
    values = {**dict(zip(names, args, strict=False)), **kwargs}
    for name in names:
        if name not in values:
            if name not in defaults:
                return None
            values[name] = evaluator.value(defaults[name])
    return values


_BUILTINS = frozenset(vars(builtins))


def _constant(_evaluator: Evaluator, node: Any) -> Raw:
    value = node.value
    return value if is_constant(value) else ...


def _name(evaluator: Evaluator, node: _ast.Name) -> Raw:
    raw = evaluator.lookup(node.id)
    if isinstance(raw, ClassBinding | FunctionBinding):
        return ref(f".{node.id}")
    kind = type(raw)
    if kind is list or kind is dict or (kind is tuple and raw[0] != "r"):
        evaluator.module.shared = True
    return raw


def _attribute(evaluator: Evaluator, node: _ast.Attribute) -> Raw:
    owner = evaluator.value(node.value)
    if type(owner) is not tuple or owner[0] not in {"r", "c"}:
        return ...
    if owner[0] == "c":
        return ref(f"{owner[1]}().{node.attr}")
    if owner[1].startswith("."):
        binding = evaluator.lookup(owner[1][1:])
        if isinstance(binding, ClassBinding):
            return _class_attribute(evaluator, binding, node.attr)
    return ref(f"{owner[1]}.{node.attr}")


def _class_attribute(evaluator: Evaluator, binding: ClassBinding, name: str) -> Raw:
    value = binding.attributes.get(name, ...)
    if isinstance(value, ClassBinding | FunctionBinding) or value is ...:
        return ref(f".{binding.name}.{name}")
    evaluator.module.shared = True
    return value


def _call(evaluator: Evaluator, node: _ast.Call) -> Raw:
    function = node.func
    if type(function) is _ast.Attribute:
        owner = evaluator.value(function.value)
        if type(owner) in _FOLDED:
            args, kwargs = _arguments(evaluator, node)
            return folding.method(owner, function.attr, args, kwargs)
    callee = evaluator.value(function)
    args, kwargs = _arguments(evaluator, node)
    if type(callee) is not tuple or callee[0] != "r":
        return ...
    return _call_named(evaluator, callee[1], args, kwargs, node.lineno)


_FOLDED = frozenset({str, list, dict})


def _call_named(
    evaluator: Evaluator, path: str, args: list[Raw], kwargs: dict[Raw, Raw], line: int
) -> Raw:
    raw = ("c", path, args, kwargs, line)
    if path.startswith("."):
        binding = evaluator.lookup(path[1:])
        if isinstance(binding, FunctionBinding):
            result = evaluator.call_function(binding, args, kwargs)
            return raw if result is ... else result
    elif path.startswith("builtins."):
        forced = [evaluator.forced(arg) for arg in args]
        return folding.builtin(path[9:], forced, kwargs)
    return raw


def _arguments(evaluator: Evaluator, node: _ast.Call) -> tuple[list[Raw], dict[Raw, Raw]]:
    args = evaluator.items(node.args) if node.args else []
    kwargs: dict[Raw, Raw] = {}
    for keyword in node.keywords:
        value = evaluator.value(keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
            continue
        value = evaluator.forced(value)
        kwargs.update(value if type(value) is dict else {...: ...})
    return args, kwargs


def _list(evaluator: Evaluator, node: _ast.List) -> Raw:
    return evaluator.list_items(node.elts)


def _tuple(evaluator: Evaluator, node: _ast.Tuple) -> Raw:
    return ("t", evaluator.items(node.elts), node.lineno)


def _set(evaluator: Evaluator, node: _ast.Set) -> Raw:
    return ("s", evaluator.items(node.elts))


def _dict(evaluator: Evaluator, node: _ast.Dict) -> Raw:
    result: dict[Raw, Raw] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            more = evaluator.forced(evaluator.value(value))
            result.update(more if type(more) is dict else {...: ...})
            continue
        name = evaluator.value(key)
        known = is_constant(name) and name is not ...
        result[name if known else ...] = evaluator.value(value) if known else ...
    return result


def _binary(evaluator: Evaluator, node: _ast.BinOp) -> Raw:
    left = evaluator.forced(evaluator.value(node.left))
    right = evaluator.forced(evaluator.value(node.right))
    return folding.binary(type(node.op), left, right, node.lineno)


def _unary(evaluator: Evaluator, node: _ast.UnaryOp) -> Raw:
    operand = evaluator.value(node.operand)
    if type(node.op) is _ast.Not:
        truth = truth_of(evaluator.forced(operand))
        return ... if truth is None else not truth
    if type(node.op) is _ast.USub and type(operand) in {int, float}:
        return -operand
    if type(node.op) is _ast.Invert and (is_call(operand) or is_ref(operand)):
        return ("c", "operator.invert", [operand], {}, node.lineno)
    return ...


def _boolean(evaluator: Evaluator, node: _ast.BoolOp) -> Raw:
    decisive = type(node.op) is _ast.Or
    unknown = False
    value: Raw = ...
    for operand in node.values:
        value = evaluator.forced(evaluator.value(operand))
        truth = truth_of(value)
        unknown = unknown or truth is None
        if truth is decisive:
            return ... if unknown else value
    return ... if unknown else value


def _compare(evaluator: Evaluator, node: _ast.Compare) -> Raw:
    if len(node.ops) != 1:
        return ...
    left = evaluator.forced(evaluator.value(node.left))
    right = evaluator.forced(evaluator.value(node.comparators[0]))
    return folding.compare(type(node.ops[0]), left, right)


def _choice(evaluator: Evaluator, node: _ast.IfExp) -> Raw:
    truth = truth_of(evaluator.forced(evaluator.value(node.test)))
    if truth is not None:
        return evaluator.value(node.body if truth else node.orelse)
    body, other = evaluator.value(node.body), evaluator.value(node.orelse)
    return join(evaluator.forced(body), evaluator.forced(other))


def _subscript(evaluator: Evaluator, node: _ast.Subscript) -> Raw:
    owner = evaluator.forced(evaluator.value(node.value))
    return folding.subscript(owner, evaluator.value(node.slice))


def _joined_text(evaluator: Evaluator, node: _ast.JoinedStr) -> Raw:
    text = ""
    for part in node.values:
        plain = type(part) is _ast.Constant
        value = evaluator.value(part if plain else part.value)  # type: ignore[attr-defined]
        formatted = not plain and (part.format_spec or part.conversion != -1)  # type: ignore[attr-defined]
        if formatted or type(value) not in {str, int} or len(text) > folding.MAX_TEXT:
            return ...
        text += str(value)
    return text


def _lambda(_evaluator: Evaluator, _node: _ast.Lambda) -> Raw:
    return ref(".<lambda>")


def _comprehension(evaluator: Evaluator, node: Any) -> list[Raw]:
    scope: dict[str, Raw] = {}
    evaluator.scopes.append(scope)
    try:
        return list(_comprehended(evaluator, node, scope, 0))
    finally:
        evaluator.scopes.pop()


def _comprehended(
    evaluator: Evaluator, node: Any, scope: dict[str, Raw], depth: int
) -> Iterator[Raw]:
    if depth == len(node.generators):
        yield evaluator.value(node.elt)
        return
    generator = node.generators[depth]
    items = items_of(evaluator.forced(evaluator.value(generator.iter)))
    if items is None or not are_exact(items):
        yield MORE
        return
    for item in items:
        evaluator.module.burn()
        if not unpack(generator.target, item, scope, evaluator):
            yield MORE
            return
        truths = [truth_of(evaluator.forced(evaluator.value(test))) for test in generator.ifs]
        if False in truths:
            continue
        produced = _comprehended(evaluator, node, scope, depth + 1)
        yield from map(maybe, produced) if None in truths else produced


def unpack(target: _ast.AST, raw: Raw, scope: dict[str, Raw], evaluator: Evaluator) -> bool:
    """Bind a loop's or assignment's target names; return whether that was possible."""
    if type(target) is _ast.Name:
        scope[target.id] = raw
        return True
    items = items_of(evaluator.forced(raw))
    if type(target) not in {_ast.Tuple, _ast.List} or items is None or not are_exact(items):
        return False
    targets: list[Any] = target.elts  # type: ignore[attr-defined]
    if len(targets) != len(items):
        return False
    return all(
        unpack(part, item, scope, evaluator) for part, item in zip(targets, items, strict=True)
    )


def _list_comprehension(evaluator: Evaluator, node: Any) -> Raw:
    return _comprehension(evaluator, node)


def _set_comprehension(evaluator: Evaluator, node: Any) -> Raw:
    return ("s", _comprehension(evaluator, node))


_HANDLERS: dict[type, Callable[[Evaluator, Any], Raw]] = {
    _ast.Name: _name,
    _ast.Attribute: _attribute,
    _ast.Call: _call,
    _ast.List: _list,
    _ast.Tuple: _tuple,
    _ast.Set: _set,
    _ast.Dict: _dict,
    _ast.BinOp: _binary,
    _ast.UnaryOp: _unary,
    _ast.BoolOp: _boolean,
    _ast.Compare: _compare,
    _ast.IfExp: _choice,
    _ast.Subscript: _subscript,
    _ast.JoinedStr: _joined_text,
    _ast.Lambda: _lambda,
    _ast.ListComp: _list_comprehension,
    _ast.GeneratorExp: _list_comprehension,
    _ast.SetComp: _set_comprehension,
}
