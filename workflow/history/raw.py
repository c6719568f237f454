"""The raw form of values: plain builtin objects, so that marshal can store them.

The evaluator makes it and the cache keeps it; :func:`decode` turns it into the values of
:mod:`workflow.history.values` when somebody asks.

======================================  ==============================================
raw                                     stands for
======================================  ==============================================
``str``, ``int``, ``None`` …            itself
``...``                                 one value that is not known; as a key: more keys
``list``                                a list, which later statements may change
``dict``                                a dictionary, likewise
``("t", [items], line)``                a tuple
``("s", [items])``                      a set
``("r", path)``                         a name, see :class:`~workflow.history.values.Ref`
``("c", path, [args], {kwargs}, line)`` a call
``("?", item)``                         inside a list: the item may be there or not
``("*",)``                              inside a list: any number of unknown items
======================================  ==============================================
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias, cast

from workflow.history.values import UNKNOWN, UNKNOWN_ITEMS, Call, Key, Ref, Value

Raw: TypeAlias = Any
"""Any of the above. Checked by hand: its shape is too loose for the type checker."""

MORE: Final = ("*",)
"""Any number of unknown items."""

MAX_DEPTH: Final = 60
"""How deep values may nest before the rest counts as unknown."""


def ref(path: str) -> Raw:
    """Return the raw form of a name."""
    return ("r", path)


def is_ref(raw: Raw) -> bool:
    """Return whether this is a name."""
    return type(raw) is tuple and raw[0] == "r"


def is_call(raw: Raw) -> bool:
    """Return whether this is a call."""
    return type(raw) is tuple and raw[0] == "c"


def items_of(raw: Raw) -> list[Raw] | None:
    """Return the items of a list, a tuple or a set, ``None`` for anything else."""
    if type(raw) is list:
        return raw
    if type(raw) is tuple and raw[0] in {"t", "s"}:
        return cast("list[Raw]", raw[1])
    return None


def are_exact(items: list[Raw]) -> bool:
    """Return whether these are certainly all items, each certainly there."""
    return not any(type(item) is tuple and item[0] in {"*", "?"} for item in items)


def is_constant(raw: Raw) -> bool:
    """Return whether this is a literal of a simple type."""
    return raw is None or type(raw) in _CONSTANTS


_CONSTANTS = frozenset({str, int, float, bool, bytes})


def truth_of(raw: Raw) -> bool | None:
    """Return the truth value, ``None`` where it cannot be told."""
    if is_constant(raw):
        return bool(raw)
    items = raw if type(raw) is dict else items_of(raw)
    if items is None:
        return None
    if any(item is not ... and not (type(item) is tuple and item[0] in "*?") for item in items):
        return True
    return False if not items else None


def without_locals(raw: Raw, module: str, depth: int = 0) -> Raw:
    """Return a copy whose local names (``.forwards``) carry their module's name."""
    if depth > MAX_DEPTH:
        return ...
    if type(raw) is list:
        return [without_locals(item, module, depth + 1) for item in raw]
    if type(raw) is dict:
        return {key: without_locals(item, module, depth + 1) for key, item in raw.items()}
    if type(raw) is not tuple:
        return raw
    if raw[0] in {"r", "c"} and raw[1].startswith("."):
        raw = (raw[0], module + raw[1], *raw[2:])
    return tuple(
        without_locals(part, module, depth + 1) if type(part) in {list, dict, tuple} else part
        for part in raw
    )


_EXACT = frozenset({str, int, float, bool, bytes, type(None)})
"""Types that stand for themselves."""


def decode(raw: Raw) -> Value:
    """Return the value that this stands for."""
    kind = type(raw)
    if kind in _EXACT:
        return cast("Value", raw)
    if kind is list:
        return decode_items(raw)
    if kind is tuple:
        return _decode_tagged(raw)
    return decode_dict(raw) if kind is dict else UNKNOWN


def decode_items(items: list[Raw]) -> tuple[Value, ...]:
    """Return the items of a list as values."""
    exact = _EXACT
    return tuple([item if type(item) in exact else decode(item) for item in items])


def decode_dict(raw: dict[Raw, Raw]) -> dict[Key, Value]:
    """Return a dictionary of values. Keys that are not text are shown as text."""
    exact = _EXACT
    return {
        (key if type(key) is str else _decode_key(key)): (
            item if type(item) in exact else decode(item)
        )
        for key, item in raw.items()
    }


def _decode_key(key: Raw) -> Key:
    return UNKNOWN if key is ... else repr(key)


def _decode_tagged(raw: Raw) -> Value:
    tag = raw[0]
    if tag == "r":
        return Ref(raw[1])
    if tag == "c":
        return Call(raw[1], decode_items(raw[2]), decode_dict(raw[3]), raw[4])
    if tag == "t" or tag == "s":  # noqa: PLR1714 - called for every value of a history
        return decode_items(raw[1])
    return UNKNOWN_ITEMS


MAX_NODES: Final = 500_000
"""How many values one file may hold: shared ones count once for each place."""


def fits(raw: Raw) -> bool:
    """Return whether the value is small enough to be kept, and does not hold itself."""
    left = MAX_NODES
    level = [raw]
    for _ in range(3 * MAX_DEPTH):
        below: list[Raw] = []
        for item in level:
            if type(item) is list or type(item) is tuple:
                below += item
            elif type(item) is dict:
                below += item.values()
            left -= 1
            if left < len(below):
                return False
        if not below:
            return True
        level = below
    return False
