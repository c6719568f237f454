"""Python text that is cut and pasted by the nodes of its tree."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Source:
    """The text of one file. Every method returns a new text and leaves this one alone."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._bytes = text.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self._bytes)

    def replaced(self, node: ast.expr | ast.stmt, new: str) -> str:
        start, end = self._span(node)
        return (self._bytes[:start] + new.encode() + self._bytes[end:]).decode()

    def followed(self, node: ast.expr, new: str) -> tuple[str, int]:
        """Return the text with a further element after a list's, and the line it stands on."""
        _, end = self._span(node)
        before = self._bytes[:end] + b",\n"
        rest = self._bytes[end:]
        return (before + new.encode() + rest).decode(), before.count(b"\n") + 1

    def segment(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self._bytes[start:end].decode()

    def with_line_before(self, line: int, new: str) -> str:
        at = self._starts[line - 1]
        return (self._bytes[:at] + new.encode() + self._bytes[at:]).decode()

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or 0, node.end_col_offset or 0
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[end_line - 1] + end_column,
        )

    def calls(self, line: int, name: str) -> Iterator[ast.Call]:
        """Yield the calls of a name that begin on a line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and node.lineno == line and last(node.func) == name:
                yield node

    def assigned(self, name: str) -> ast.List | ast.Tuple | None:
        """Return the list that the Migration class assigns to a name, if it is a plain one."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef) and node.name == "Migration":
                for statement in node.body:
                    if (
                        isinstance(statement, ast.Assign)
                        and last(statement.targets[0]) == name
                        and isinstance(statement.value, ast.List | ast.Tuple)
                    ):
                        return statement.value
        return None

    def function(self, name: str) -> ast.FunctionDef | None:
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
        return None


def last(node: ast.expr) -> str:
    """Return the last part of a name: ``AddField`` of ``migrations.AddField``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def text_in(node: ast.Call, value: str, keyword: str) -> ast.Constant | None:
    """Return the string in a call that is this argument, by keyword or by its value."""
    for given in node.keywords:
        if given.arg == keyword:
            return given.value if isinstance(given.value, ast.Constant) else None
    for arg in node.args:
        if isinstance(arg, ast.Constant) and arg.value == value:
            return arg
    return None


def keyword_of(node: ast.Call, name: str) -> ast.keyword | None:
    return next((given for given in node.keywords if given.arg == name), None)
