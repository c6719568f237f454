"""Which findings of a migration a comment in its file speaks of."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from workflow.history.syntax import Failure, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.history.model import Migration, Operation
    from workflow.outcome import Finding
    from workflow.waivers.comments import Remark


class Span(NamedTuple):
    """The lines of one part of a file, both included, counted from 1.

    ``is_head``: whether it stands for the migration as a whole, as its class does, and what
    that says of dependencies.
    """

    first: int
    last: int
    is_head: bool = False


class Places:
    """The parts of one migration file that a comment can speak of."""

    def __init__(self, migration: Migration, text: bytes) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escapes, and the like, in the file
            tree = parse(text)
        parsed = ast.Module([], []) if isinstance(tree, Failure) else tree
        self._operations = migration.operations
        code = parsed.body[1:] if ast.get_docstring(parsed, clean=False) else parsed.body
        self._top = min((_first(node) for node in code), default=1)
        self._spans = sorted(
            {*_statements(parsed), *_calls(parsed, set(_lines(migration.operations)))},
            key=_size,
        )

    def is_about(self, remark: Remark, finding: Finding) -> bool:
        """Return whether a comment speaks of a finding in this file.

        It speaks of what begins right below it, where it stands alone; else of the smallest
        part of the file that it stands in. Above all code, it speaks of the whole migration.
        """
        anchor = remark.below if remark.alone else remark.line
        begun = [span for span in self._spans if remark.alone and span.first == anchor]
        around = [span for span in self._spans if span.first <= remark.line <= span.last]
        parts = begun or [span for span in around if _size(span) == _size(around[0])]
        line = self._line_of(finding)
        if line == anchor or any(
            span.first <= (line or 0) <= span.last for span in parts if not span.is_head
        ):
            return True
        speaks_of_all = remark.line < self._top or any(span.is_head for span in parts)
        return speaks_of_all and finding.operation is None

    def _line_of(self, finding: Finding) -> int | None:
        """Return the line that a finding points to, that of its operation where it has none."""
        index = finding.operation
        if finding.line is None and index is not None and index < len(self._operations):
            return self._operations[index].line
        return finding.line


def _size(span: Span) -> int:
    return span.last - span.first


def _first(node: ast.stmt) -> int:
    """Return the line where a statement begins, with its decorators."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _lines(operations: Iterable[Operation]) -> Iterator[int]:
    for operation in operations:
        yield operation.line
        yield from _lines(operation.database_operations)
        yield from _lines(operation.state_operations)


def _statements(tree: ast.Module) -> Iterator[Span]:
    """Yield every statement, and every item of the lists that the migration consists of."""
    heads: set[ast.stmt] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Migration":
            said = [part for part in node.body if isinstance(part, ast.Assign | ast.AnnAssign)]
            heads |= {node, *said}
            for part in said:
                yield from _items(part.value)
    for inner in ast.walk(tree):
        if isinstance(inner, ast.stmt):
            yield Span(_first(inner), inner.end_lineno or inner.lineno, inner in heads)


def _items(value: ast.expr | None) -> Iterator[Span]:
    if isinstance(value, ast.List | ast.Tuple):
        for item in value.elts:
            yield Span(item.lineno, item.end_lineno or item.lineno)
    elif isinstance(value, ast.BinOp):
        yield from _items(value.left)
        yield from _items(value.right)


def _calls(tree: ast.Module, lines: set[int]) -> Iterator[Span]:
    """Yield the calls that begin where an operation does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.lineno in lines:
            yield Span(node.lineno, node.end_lineno or node.lineno)
