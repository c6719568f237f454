"""What is known after a branch that may or may not have been taken.

Each branch runs on copies of everything that can change; afterwards the copies are joined
back into the originals, so that a list keeps all the names it goes by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.raw import MAX_DEPTH, MORE, Raw
from workflow.history.scope import ClassBinding

if TYPE_CHECKING:
    from collections.abc import Sequence

    Names = dict[str, Raw]


class Branch:
    """The names as one branch sees them: copies, which remember what they are copies of."""

    def __init__(self, scopes: Sequence[Names]) -> None:
        self.copies: dict[int, Raw] = {}
        self.originals: dict[int, Raw] = {}
        self._kept: list[Raw] = []
        self.scopes: list[Names] = [
            {name: self._copy(raw, 0) for name, raw in scope.items()} for scope in scopes
        ]

    def _copy(self, raw: Raw, depth: int) -> Raw:
        kind = type(raw)
        if kind is tuple:
            if raw[0] == "r" or depth > MAX_DEPTH:
                return raw
            return tuple([self._copy(part, depth + 1) for part in raw])
        if kind not in _MUTABLE:
            return raw
        if id(raw) not in self.copies:
            self._copy_mutable(raw, depth)
        return self.copies[id(raw)]

    def _copy_mutable(self, raw: Raw, depth: int) -> None:
        if type(raw) is ClassBinding:
            made: Raw = ClassBinding(raw.name, raw.bases, {}, raw.line, raw.owner, exact=raw.exact)
        else:
            made = type(raw)()
        self.copies[id(raw)] = made
        self.originals[id(made)] = raw
        self._kept += [raw, made]  # an id is worth something only while its object lives
        if depth <= MAX_DEPTH:
            self._fill(made, raw, depth + 1)

    def _fill(self, made: Raw, raw: Raw, depth: int) -> None:
        if type(raw) is list:
            made += [self._copy(item, depth) for item in raw]
            return
        source, target = (raw, made)
        if type(raw) is ClassBinding:
            source, target = raw.attributes, made.attributes
        target.update({key: self._copy(item, depth) for key, item in source.items()})

    def original(self, raw: Raw) -> Raw:
        """Return what this is a copy of; itself where it is none."""
        return self.originals.get(id(raw), raw)


_MUTABLE = frozenset({list, dict, ClassBinding})


def join_back(scopes: Sequence[Names], branches: Sequence[Branch]) -> None:
    """Give the scopes, and all that they hold, what is common to all branches."""
    first, rest = branches[0], branches[1:]
    pairs = [
        (first.originals[id(copy)], [branch.copies[key] for branch in branches])
        for key, copy in list(first.copies.items())
        if all(key in branch.copies for branch in rest)
    ]
    for original, variants in pairs:
        _refill(original, _joined(variants), branches)
    for index, scope in enumerate(scopes):
        _join_scope(scope, [branch.scopes[index] for branch in branches], branches)


def _join_scope(scope: Names, variants: list[Names], branches: Sequence[Branch]) -> None:
    for name in {name for variant in variants for name in variant}:
        values = [variant.get(name, ...) for variant in variants]
        originals = [branch.original(value) for branch, value in zip(branches, values, strict=True)]
        if all(original is originals[0] for original in originals):
            scope[name] = originals[0]
        else:
            scope[name] = _restore(_joined(values), branches)
    for name in [name for name in scope if not any(name in variant for variant in variants)]:
        del scope[name]


def _joined(variants: Sequence[Raw]) -> Raw:
    joined = variants[0]
    for variant in variants[1:]:
        joined = join(joined, variant)
    return joined


def _refill(original: Raw, joined: Raw, branches: Sequence[Branch]) -> None:
    if type(original) is list:
        items = joined if type(joined) is list else [MORE]
        original[:] = [_restore(item, branches) for item in items]
        return
    target = original
    content = joined if type(joined) is dict else {...: ...}
    if type(original) is ClassBinding:
        target = original.attributes
        content = joined.attributes if type(joined) is ClassBinding else {}
    target.clear()
    target.update({key: _restore(item, branches) for key, item in content.items()})


def _restore(raw: Raw, branches: Sequence[Branch]) -> Raw:
    """Return the value with its copies replaced by what they are copies of."""
    for branch in branches:
        if id(raw) in branch.originals:
            return branch.originals[id(raw)]
    if type(raw) is tuple:
        return tuple([_restore(part, branches) for part in raw])
    if type(raw) is list:
        raw[:] = [_restore(item, branches) for item in raw]
    return raw


def join(left: Raw, right: Raw) -> Raw:
    """Return what is known of a value that is one of these two."""
    if same(left, right):
        return left
    if type(left) is list and type(right) is list:
        return join_lists(left, right)
    if type(left) is dict and type(right) is dict:
        return _join_dicts(left, right)
    if type(left) is ClassBinding and type(right) is ClassBinding:
        return _join_classes(left, right)
    if type(left) is tuple and type(right) is tuple and left[0] == right[0] == "t":
        return ("t", join_lists(left[1], right[1]), left[2])
    return ...


MOST_COMPARED = 20_000
"""How many parts of two values are compared before they count as different."""


def same(left: Raw, right: Raw) -> bool:
    """Return whether both are certainly the same value, wherever they are written."""
    todo = [(left, right)]
    seen: set[tuple[int, int]] = set()  # values are shared, and twice the same pair is once
    for _ in range(MOST_COMPARED):
        if not todo:
            return True
        one, other = todo.pop()
        if one is other:
            continue
        if type(one) is not type(other):
            return False
        parts, others = _parts(one), _parts(other)
        if parts is None or others is None:
            if one != other or (type(one) in _SIGNED and repr(one) != repr(other)):
                return False
        elif len(parts) != len(others):
            return False
        elif (pair := (id(one), id(other))) not in seen:
            seen.add(pair)
            todo += zip(parts, others, strict=True)
    return False


_SIGNED = {float, complex}
"""Types with two zeros that are equal and not the same."""


def _parts(raw: Raw) -> Sequence[Raw] | None:
    """Return the parts of a value without its line numbers, ``None`` for a single one."""
    if type(raw) is dict:
        return [*raw, *raw.values()]
    if type(raw) is not tuple or not raw:
        return raw if type(raw) is list else None
    return raw[:2] if raw[0] == "t" else raw[:4] if raw[0] == "c" else raw


def join_lists(left: list[Raw], right: list[Raw]) -> list[Raw]:
    """Keep what both begin and end with; what is between may be there or not."""
    start = 0
    shorter = min(len(left), len(right))
    while start < shorter and same(left[start], right[start]):
        start += 1
    end = 0
    while end < shorter - start and same(left[-1 - end], right[-1 - end]):
        end += 1
    middle = left[start : len(left) - end] + right[start : len(right) - end]
    tail = left[len(left) - end :] if end else []
    return left[:start] + [maybe(item) for item in middle] + tail


def maybe(item: Raw) -> Raw:
    """Return the item as one that may be there or not."""
    if type(item) is tuple and item[0] in {"?", "*"}:
        return item
    return ("?", item)


def _join_dicts(left: dict[Raw, Raw], right: dict[Raw, Raw]) -> dict[Raw, Raw]:
    # A key that only one side has may be there or not: that is what "more keys" says.
    both = {key: join(left[key], right[key]) for key in left if key in right}
    if len(both) < len(left) or len(both) < len(right):
        both[...] = ...
    return both


def _join_classes(left: ClassBinding, right: ClassBinding) -> ClassBinding:
    attributes = {
        name: join(_attribute(left, name), _attribute(right, name))
        for name in {**left.attributes, **right.attributes}
    }
    bases = left.bases if same(left.bases, right.bases) else [...]
    exact = left.exact and right.exact
    joined = ClassBinding(left.name, bases, attributes, left.line, left.owner, exact=exact)
    joined.lines = {**right.lines, **left.lines}
    return joined


def _attribute(binding: ClassBinding, name: str) -> Raw:
    """Return a class attribute; where it is not set, what Django's ``Migration`` says."""
    if name in binding.attributes:
        return binding.attributes[name]
    return [] if name in LISTS else ...


LISTS = frozenset({"dependencies", "operations", "run_before", "replaces"})
"""Attributes of a migration that are empty lists where it does not set them."""
