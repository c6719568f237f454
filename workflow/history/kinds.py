"""What an operation's class does to the state, and what a migration's base class brings.

Classes are followed through the project's files. A class that cannot be followed may do
anything.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, NamedTuple

from workflow.history.evaluate import find
from workflow.history.execute import walk
from workflow.history.raw import Raw, is_ref
from workflow.history.scope import ClassBinding, FunctionBinding, Module
from workflow.history.signatures import (
    HARMLESS_ELSEWHERE,
    MIGRATION_BASES,
    OPERATION_BASES,
    STATELESS,
    operation_kind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BASES = 30
"""How many classes of one inheritance are followed."""


class Kind(NamedTuple):
    """``name`` is Django's class, ``""`` for no effect on the state, ``...`` for unknown."""

    name: Raw
    is_django: bool = False


UNKNOWN_KIND = Kind(...)
_CHANGING = frozenset(
    {"state_forwards", "__init__", "__new__", "__getattr__", "__getattribute__", "model_name_lower",
     "name_lower", "state_operations", "deconstruct"}
)  # fmt: skip


def kind_of(module: Module, path: str) -> Kind:
    """Return what the operation class of this path does to the state."""
    name = operation_kind(path)
    if name is not None:
        return Kind(name, is_django=True)
    if path in HARMLESS_ELSEWHERE:
        return Kind("")
    if path.startswith("django."):
        return UNKNOWN_KIND
    lineage = list(ancestry(module, path))
    if not lineage or not isinstance(lineage[-1], str):
        return UNKNOWN_KIND
    bindings = [binding for binding in lineage if isinstance(binding, ClassBinding)]
    if not all(binding.exact for binding in bindings):
        return UNKNOWN_KIND
    return _kind_of_subclass(bindings, lineage[-1])


def _kind_of_subclass(bindings: list[ClassBinding], root: str) -> Kind:
    overriding = [binding for binding in bindings if "state_forwards" in binding.attributes]
    if overriding:
        first = overriding[0].attributes["state_forwards"]
        return Kind("") if _does_nothing(first) else UNKNOWN_KIND
    name = operation_kind(root)
    if name is None:
        return UNKNOWN_KIND
    changed = any(_CHANGING & binding.attributes.keys() for binding in bindings)
    if name in STATELESS:
        return Kind("" if changed else name)
    if name == "RunSQL" and changed and not any(map(_mentions_state, bindings)):
        return Kind("")
    return UNKNOWN_KIND if changed else Kind(name)


def _mentions_state(binding: ClassBinding) -> bool:
    """Return whether a subclass of ``RunSQL`` may hand ``state_operations`` to it."""
    function = binding.attributes.get("__init__")
    if not isinstance(function, FunctionBinding):
        return bool({"state_operations", "__new__"} & binding.attributes.keys())
    for node in walk([function.node]):
        if type(node) is _ast.Call and len(node.args) > 2:
            return True
        if type(node) is _ast.keyword and node.arg in {None, "state_operations"}:
            return True
        if type(node) is _ast.Starred:
            return True
        if type(node) is _ast.Attribute and node.attr == "state_operations":
            return True
    return False


def _does_nothing(value: Raw) -> bool:
    if not isinstance(value, FunctionBinding) or value.node.decorator_list:
        return False
    return all(
        type(statement) is _ast.Pass
        or (type(statement) is _ast.Expr and type(statement.value) is _ast.Constant)
        or (type(statement) is _ast.Return and statement.value is None)
        for statement in value.node.body
    )


def ancestry(module: Module, path: str) -> Iterator[ClassBinding | str | None]:
    """Yield the classes that this one inherits from, itself first, and at last their root.

    The root is the dotted path of Django's own class; the last item is ``None`` where the
    bases cannot be followed. Mixins that are plain classes of the project are followed too.
    """
    todo = [(module, path)]
    root: str | None = None
    for _ in range(MAX_BASES):
        if not todo:
            yield root
            return
        module, path = todo.pop(0)
        if _is_root(path):
            root = root or path
            continue
        if path == "builtins.object":
            continue
        found = _class_at(module, path)
        if found is None:
            break
        yield found
        if not all(is_ref(base) for base in found.bases):
            break
        todo = [(found.owner, base[1]) for base in found.bases] + todo
    yield None


def _is_root(path: str) -> bool:
    return operation_kind(path) is not None or path in OPERATION_BASES or path in MIGRATION_BASES


def _class_at(module: Module, path: str) -> ClassBinding | None:
    if path.startswith("."):
        value = module.names.get(path[1:])
    else:
        found = find(module, path)
        value = found[1] if found else None
    return value if isinstance(value, ClassBinding) else None
