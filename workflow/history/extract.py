"""From a module's names to its migration: the header and the body, as raw rows.

A row of a reference: ``(app, name, line, certain, setting)``; of a list of them:
``(complete, line, rows)``. A row of an operation:
``(path, kind, is_django, args, complete, line, certain, database_rows, state_rows)``.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING

from workflow.history.execute import Executor, walk
from workflow.history.functions import functions_of
from workflow.history.joining import LISTS
from workflow.history.kinds import UNKNOWN_KIND, Kind, ancestry, kind_of
from workflow.history.raw import MORE, Raw, is_ref, items_of
from workflow.history.scope import ClassBinding, FunctionBinding, Module
from workflow.history.signatures import MIGRATION_BASES, SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.evaluate import Evaluator

NOTHING_KNOWN: Raw = (False, 0, [])
"""A list of references of which nothing is known."""
STRETCH: Raw = ("", ..., False, {}, True, 0, True, [], [])
"""Operations of which nothing is known."""
UNKNOWN_HEADER: Raw = (0, "", NOTHING_KNOWN, NOTHING_KNOWN, NOTHING_KNOWN, ..., ..., ...)


def migration_of(module: Module) -> Raw | None:
    """Return (header, body) of the module's ``Migration``, ``None`` where it has none."""
    if "Migration" not in module.names:
        return (UNKNOWN_HEADER, _body(module, [STRETCH])) if module.has_star else None
    value = module.names["Migration"]
    path = value[1] if is_ref(value) else ".Migration"
    lineage = list(ancestry(module, path))
    bindings = [item for item in lineage if isinstance(item, ClassBinding)]
    if not bindings:
        return UNKNOWN_HEADER, _body(module, [STRETCH])
    if not _may_be_django(bindings, lineage[-1]):
        return None
    reader = _Reader(module, bindings, followed=lineage[-1] in MIGRATION_BASES)
    return reader.header(), _body(module, reader.operations())


def _may_be_django(bindings: list[ClassBinding], root: Raw) -> bool:
    """Tell Django's migrations from classes that only share the name, such as South's."""
    last = bindings[-1]
    if root is None and not last.bases:
        return False
    if not all(is_ref(base) for base in last.bases):
        return True
    paths = [base[1] for base in last.bases]
    return root in MIGRATION_BASES or any(
        path != "builtins.object" and not path.startswith("south.") for path in paths
    )


def _body(module: Module, operations: list[Raw]) -> Raw:
    functions = functions_of(module)
    nested = [tuple(row) for function in functions.values() for row in function[7]]
    imports = sorted({*module.imports, *nested}, key=lambda row: (row[2], row[0]))
    return operations, imports, functions


def references_of(module: Module, value: Raw, line: int) -> Raw:
    """Return the row of a list of references that stands outside of a readable class."""
    binding = ClassBinding("Migration", [], {"dependencies": value}, line, module, exact=True)
    binding.lines = {"dependencies": line}
    return _Reader(module, [binding], followed=True).references("dependencies")


class _Reader:
    """Reads one migration class, its bases included.

    ``followed``: all its bases were read, up to Django's own ``Migration``.
    """

    def __init__(self, module: Module, bindings: list[ClassBinding], *, followed: bool) -> None:
        self.module = module
        self.bindings = bindings
        self.exact = followed and all(binding.exact for binding in bindings)
        self.evaluator: Evaluator = Executor(module, [module.names])
        self.computed = {name for binding in bindings for name in _computed(binding)}

    def attribute(self, name: str, default: Raw) -> Raw:
        """Return a class attribute, ``default`` where neither class nor bases set it."""
        for binding in self.bindings:
            if name in binding.attributes:
                value = binding.attributes[name]
                known = not isinstance(value, ClassBinding | FunctionBinding)
                return self.evaluator.forced(value) if known else ...
        return default if self.exact else ...

    def header(self) -> Raw:
        first = self.bindings[0]
        base = first.bases[0][1] if len(first.bases) == 1 and is_ref(first.bases[0]) else ""
        return (
            first.line,
            base,
            self.references("dependencies"),
            self.references("run_before"),
            self.references("replaces"),
            self._flag("initial", None),
            self._flag("atomic", True),
            self._alters_state(),
        )

    def _flag(self, name: str, default: Raw) -> Raw:
        value = self.attribute(name, default)
        return value if value is None or type(value) is bool else ...

    def _alters_state(self) -> Raw:
        if not self.exact:
            return ...
        return any("mutate_state" in binding.attributes for binding in self.bindings)

    def _complete(self, name: str) -> bool:
        return self.exact and name not in self.computed

    def references(self, name: str) -> Raw:
        """Return a list of references as a row."""
        value = self.attribute(name, [])
        items = items_of(value)
        if items is None:
            return NOTHING_KNOWN if value is not None else (True, 0, [])
        rows = [row for item in items for row in self._reference(item)]
        complete = self._complete(name) and MORE not in items and ... not in items
        return complete, self._line(name), rows

    def _line(self, name: str) -> int:
        return next((item.lines[name] for item in self.bindings if name in item.lines), 0)

    def _reference(self, item: Raw, *, certain: bool = True) -> Iterator[Raw]:
        item = self.evaluator.forced(item)
        if type(item) is tuple and item[0] == "?":
            yield from self._reference(item[1], certain=False)
        elif type(item) is tuple and item[0] == "c":
            yield self._called_reference(item, certain)
        elif type(item) in {tuple, list} and item != MORE:
            yield self._plain_reference(item, certain)

    def _plain_reference(self, item: Raw, certain: bool) -> Raw:
        parts = items_of(item)
        line = item[2] if type(item) is tuple and item[0] == "t" else self.bindings[0].line
        if parts is None or len(parts) != 2:
            return (..., ..., line, certain, None)
        app, name = (self.evaluator.forced(part) for part in parts)
        return (_text(app), _text(name), line or self.bindings[0].line, certain, None)

    def _called_reference(self, call: Raw, certain: bool) -> Raw:
        _, path, args, _kwargs, line = call
        name = path.rpartition(".")[2]
        if path.startswith("django.db.migrations.") and args:
            if name == "swappable_dependency":
                return self._swappable(args[0], line, certain)
            if name == "SwappableTuple":
                return (*self._plain_reference(args[0], certain)[:3], certain, _text_or(args[1:]))
        if path == "swapper.dependency":
            return (..., "__first__", line, certain, None)
        return (..., ..., line, certain, None)

    def _swappable(self, target: Raw, line: int, certain: bool) -> Raw:
        target = self.evaluator.forced(target)
        if type(target) is str and "." in target:
            return (target.partition(".")[0], "__first__", line, certain, None)
        setting = None
        if is_ref(target) and target[1].startswith("django.conf.settings."):
            setting = target[1].rpartition(".")[2]
        return (..., "__first__", line, certain, setting)

    def operations(self) -> list[Raw]:
        """Return the operations as rows."""
        rows = self.rows(self.attribute("operations", []))
        return rows if self._complete("operations") else [*rows, STRETCH]

    def rows(self, value: Raw) -> list[Raw]:
        """Return the rows of a list of operations, ``None`` counting as an empty one."""
        items = items_of(self.evaluator.forced(value))
        if items is None:
            return [] if value is None else [STRETCH]
        return [self._row(item, certain=True) for item in items]

    def _row(self, item: Raw, *, certain: bool) -> Raw:
        item = self.evaluator.forced(item)
        if type(item) is tuple and item[0] == "?":
            return self._row(item[1], certain=False)
        if type(item) is not tuple or item[0] != "c":
            return STRETCH
        _, path, args, kwargs, line = item
        kind = self._kind(path)
        bound, complete = _bind(kind, args, kwargs)
        database = self.rows(bound.pop("database_operations", None))
        state = self.rows(bound.pop("state_operations", None))
        return path, kind.name, kind.is_django, bound, complete, line, certain, database, state

    def _kind(self, path: str) -> Kind:
        return kind_of(self.module, path) if path else UNKNOWN_KIND


def _bind(kind: Kind, args: list[Raw], kwargs: dict[Raw, Raw]) -> tuple[dict[str, Raw], bool]:
    """Return arguments by Django's parameter names, and whether these are certainly all."""
    names = SIGNATURES.get(kind.name, ()) if type(kind.name) is str else ()
    values: dict[str, Raw] = {}
    complete = True
    for index, arg in enumerate(args):
        if index >= len(names) or arg == MORE:
            complete = False
            break
        values[names[index]] = arg
    values.update({key: value for key, value in kwargs.items() if type(key) is str})
    return values, complete and ... not in kwargs


def _text(raw: Raw) -> Raw:
    return raw if type(raw) is str else ...


def _text_or(args: list[Raw]) -> str | None:
    return args[0] if args and type(args[0]) is str else None


def _computed(binding: ClassBinding) -> Iterator[str]:
    """Yield the lists that the class's methods may change."""
    for method in binding.attributes.values():
        if isinstance(method, FunctionBinding):
            for node in walk([method.node]):
                yield from _changed(node)


def _changed(node: _ast.AST) -> Iterator[str]:
    if type(node) is _ast.Constant and type(node.value) is str and node.value in LISTS:
        yield node.value  # what setattr() would take
    stored = type(getattr(node, "ctx", None)) in {_ast.Store, _ast.Del}
    if type(node) is _ast.Attribute and node.attr in LISTS and stored:
        yield node.attr
    if (type(node) is _ast.Attribute and node.attr in _MUTATORS) or (
        type(node) is _ast.Subscript and stored
    ):
        inner = node.value
        if type(inner) is _ast.Attribute and inner.attr in LISTS:
            yield inner.attr


_MUTATORS = frozenset({"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"})
