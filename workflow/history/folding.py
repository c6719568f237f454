"""Operators, builtins and methods whose result is certain from literal operands.

Everything here returns ``...`` where it is not certain, and nothing makes a value that is
much bigger than what it is made of.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING

from workflow.history.raw import MORE, Raw, are_exact, is_call, is_constant, is_ref, items_of

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT = 100_000
MAX_ITEMS = 20_000
MAX_NUMBER = 2**128


def add(left: Raw, right: Raw) -> Raw:
    """Return ``left + right``; a list plus something unknown keeps what is known."""
    if type(left) is list or type(right) is list:
        return _concatenate(left, right)
    if type(left) is tuple and type(right) is tuple and (left[0] == "t" or right[0] == "t"):
        line = left[2] if left[0] == "t" else right[2]
        return ("t", _concatenate(left, right), line)
    if type(left) is type(right) and type(left) in {str, bytes}:
        return left + right if len(left) + len(right) <= MAX_TEXT else ...
    return _number(left, right, lambda: left + right)


def _concatenate(left: Raw, right: Raw) -> list[Raw]:
    items = [*_operand(left), *_operand(right)]
    return items if len(items) <= MAX_ITEMS else [MORE]


def _operand(raw: Raw) -> list[Raw]:
    items = items_of(raw)
    return [MORE] if items is None else items


def _number(left: Raw, right: Raw, compute: Callable[[], Raw]) -> Raw:
    numbers = {int, float}
    if type(left) not in numbers or type(right) not in numbers:
        return ...
    if abs(left) > MAX_NUMBER or abs(right) > MAX_NUMBER:
        return ...
    try:
        return compute()
    except ArithmeticError:
        return ...


def _power(left: Raw, right: Raw) -> Raw:
    small = type(right) is int and abs(right) <= 128
    return _number(left, right, lambda: left**right) if small else ...


def _modulo(left: Raw, right: Raw) -> Raw:
    if type(left) is str:
        return _format_percent(left, right)
    return _number(left, right, lambda: left % right)


def _format_percent(template: str, right: Raw) -> Raw:
    items = items_of(right) if type(right) is tuple else [right]
    if items is None or not all(type(item) in {str, int} for item in items):
        return ...
    if any(char in template for char in "*.") or "%" in template.replace("%s", "").replace(
        "%d", ""
    ):
        return ...
    try:
        return template % tuple(items)
    except (TypeError, ValueError):
        return ...


_BINARY: dict[type[_ast.operator], Callable[[Raw, Raw], Raw]] = {
    _ast.Add: add,
    _ast.Sub: lambda left, right: _number(left, right, lambda: left - right),
    _ast.Mult: lambda left, right: _number(left, right, lambda: left * right),
    _ast.FloorDiv: lambda left, right: _number(left, right, lambda: left // right),
    _ast.Div: lambda left, right: _number(left, right, lambda: left / right),
    _ast.Mod: _modulo,
    _ast.Pow: _power,
}
_SYMBOLIC: dict[type[_ast.operator], str] = {
    _ast.BitOr: "operator.or_",
    _ast.BitAnd: "operator.and_",
    _ast.BitXor: "operator.xor",
}


def binary(operator: type[_ast.operator], left: Raw, right: Raw, line: int) -> Raw:
    """Return the result of a binary operator; ``Q() | Q()`` and its kind as a call."""
    if operator in _BINARY:
        return _BINARY[operator](left, right)
    symbol = _SYMBOLIC.get(operator)
    if symbol and all(is_ref(side) or is_call(side) for side in (left, right)):
        return ("c", symbol, [left, right], {}, line)
    return ...


_COMPARE: dict[type, Callable[[Raw, Raw], Raw]] = {
    _ast.Eq: lambda left, right: left == right,
    _ast.NotEq: lambda left, right: left != right,
    _ast.Is: lambda left, right: left is right if left is None or right is None else ...,
    _ast.IsNot: lambda left, right: left is not right if left is None or right is None else ...,
    _ast.Lt: lambda left, right: left < right,
    _ast.LtE: lambda left, right: left <= right,
    _ast.Gt: lambda left, right: left > right,
    _ast.GtE: lambda left, right: left >= right,
}


def compare(operator: type, left: Raw, right: Raw) -> Raw:
    """Return the result of a comparison of two literals."""
    if operator in {_ast.In, _ast.NotIn}:
        found = _contains(right, left)
        return found if found is ... or operator is _ast.In else not found
    if not is_constant(left) or not is_constant(right) or operator not in _COMPARE:
        return ...
    try:
        return _COMPARE[operator](left, right)
    except TypeError:
        return ...


def _contains(container: Raw, item: Raw) -> Raw:
    if type(container) is str and type(item) is str:
        return item in container
    if type(container) is dict and is_constant(item):
        return item in container or (... if ... in container else False)
    items = items_of(container)
    if items is None or not is_constant(item) or not all(map(is_constant, items)):
        return ...
    return item in items


def _as_list(items: list[Raw]) -> Raw:
    return list(items)


def _zip(*columns: list[Raw]) -> Raw:
    return [("t", list(row), 0) for row in zip(*columns, strict=False)]


def _enumerate(items: list[Raw], start: int = 0) -> Raw:
    return [("t", [number, item], 0) for number, item in enumerate(items, start)]


def _sorted(items: list[Raw]) -> Raw:
    return sorted(items) if all(type(item) is str for item in items) else ...


_SEQUENCE_BUILTINS: dict[str, Callable[..., Raw]] = {
    "list": _as_list,
    "tuple": lambda items: ("t", list(items), 0),
    "set": lambda items: ("s", list(items)),
    "frozenset": lambda items: ("s", list(items)),
    "reversed": lambda items: items[::-1],
    "sorted": _sorted,
    "zip": _zip,
    "enumerate": _enumerate,
    "len": len,
}


def builtin(name: str, args: list[Raw], kwargs: dict[Raw, Raw]) -> Raw:
    """Return what a call of a builtin returns."""
    if name == "dict":
        return dict(kwargs) if not args else ...
    if kwargs:
        return ...
    if name == "range":
        return _range(args)
    if name == "str" and len(args) == 1 and type(args[0]) in {str, int}:
        return str(args[0])
    if name in {"list", "tuple", "set"} and not args:
        return _SEQUENCE_BUILTINS[name]([])
    return _sequence_builtin(name, args)


def _sequence_builtin(name: str, args: list[Raw]) -> Raw:
    function = _SEQUENCE_BUILTINS.get(name)
    columns = [items_of(arg) for arg in args]
    if function is None or not columns or None in columns:
        return ...
    exact = all(are_exact(column or []) for column in columns)
    if name in {"list", "tuple"} or exact:
        try:
            return function(*columns)
        except TypeError:
            return ...
    return ...


def _range(args: list[Raw]) -> Raw:
    if not args or len(args) > 3 or not all(type(arg) is int for arg in args):
        return ...
    try:
        numbers = range(*args)
        return list(numbers) if len(numbers) <= MAX_ITEMS else ...
    except (ValueError, OverflowError):
        return ...


_TEXT_METHODS = frozenset(
    {
        "lower",
        "upper",
        "strip",
        "title",
        "split",
        "rsplit",
        "partition",
        "rpartition",
        "replace",
        "splitlines",
    }
)


def method(owner: Raw, name: str, args: list[Raw], kwargs: dict[Raw, Raw]) -> Raw:
    """Return what a method of a literal returns."""
    if type(owner) is str and not kwargs:
        return _text_method(owner, name, args)
    if type(owner) is dict:
        return _dict_method(owner, name, args)
    if type(owner) is list and name == "copy":
        return list(owner)
    return ...


def _text_method(owner: str, name: str, args: list[Raw]) -> Raw:
    if name == "join" and len(args) == 1:
        items = items_of(args[0])
        exact = items is not None and all(type(item) is str for item in items)
        return owner.join(items or []) if exact else ...
    constant = all(type(arg) in {str, int} for arg in args)
    if name == "format" and constant and all(piece in "}{" for piece in _braces(owner)):
        return _attempt(lambda: owner.format(*args))
    size = len(owner) * max([1, *(len(arg) for arg in args if type(arg) is str)])
    if name in _TEXT_METHODS and constant and size <= MAX_TEXT:
        return _wrap(_attempt(lambda: getattr(owner, name)(*args)))
    return ...


def _braces(template: str) -> list[str]:
    """Return the template's braces, and whatever stands inside a pair of them."""
    inside = [part.partition("}")[0] for part in template.split("{")[1:]]
    return [part for part in inside if part]


def _attempt(compute: Callable[[], Raw]) -> Raw:
    try:
        result = compute()
    except (TypeError, ValueError, LookupError):
        return ...
    return ... if type(result) is str and len(result) > MAX_TEXT else result


def _wrap(result: Raw) -> Raw:
    return ("t", list(result), 0) if type(result) is tuple else result


def _dict_method(owner: dict[Raw, Raw], name: str, args: list[Raw]) -> Raw:
    if ... in owner:
        return ...
    if name == "items":
        return [("t", [key, item], 0) for key, item in owner.items()]
    if name in {"keys", "values"}:
        return list(owner) if name == "keys" else list(owner.values())
    if name == "get" and args and is_constant(args[0]):
        return owner.get(args[0], args[1] if len(args) > 1 else None)
    return dict(owner) if name == "copy" else ...


def subscript(owner: Raw, index: Raw) -> Raw:
    """Return ``owner[index]`` of literals."""
    if type(owner) is dict:
        return owner.get(index, ...) if is_constant(index) else ...
    items = list(owner) if type(owner) is str else items_of(owner)
    if type(index) is not int or items is None or not are_exact(items):
        return ...
    return items[index] if -len(items) <= index < len(items) else ...
