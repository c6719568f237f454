"""The references of a migration whose file as a whole cannot be read.

Its body may be of a newer grammar, broken, or have conflict markers in it. What others need
to know of it stands in a few statements, which are cut out and read on their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workflow.history.execute import execute_module
from workflow.history.extract import NOTHING_KNOWN, UNKNOWN_HEADER, references_of
from workflow.history.scope import Module, OutOfFuel
from workflow.history.syntax import Failure, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.raw import Raw

_CLASS = re.compile(rb"^class[ \t]+Migration\b[^\n]*:[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_ATTRIBUTE = re.compile(
    rb"^([ \t]+)(dependencies|run_before|replaces)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE
)
_STATEMENT = re.compile(rb"^(?:from[ \t]|import[ \t])[^\n(]*$", re.MULTILINE)
_TOUCHED = re.compile(rb"\b(?:dependencies|run_before|replaces)\b")
MAX_LINES = 2_000
"""How long one attribute may be."""
MAX_TRIES = 50
"""How many ends of an attribute are tried, and how many attributes are read at all."""


def sliced_header(data: bytes, name: str, *, sound: bool) -> Raw:
    """Return the header row of what can be cut out of the file, unknown for the rest.

    In a ``sound`` file, one that another Python would read, what is not there is not there;
    in one that is broken it may be lost.
    """
    found = _CLASS.search(data)
    if found is None:
        return UNKNOWN_HEADER
    line = data.count(b"\n", 0, found.start()) + 1
    imports = b"\n".join(_STATEMENT.findall(data[: found.start()]))
    lists: dict[str, Raw] = {}
    if sum(1 for _ in _ATTRIBUTE.finditer(data, found.end())) > MAX_TRIES:
        return (line, "", NOTHING_KNOWN, NOTHING_KNOWN, NOTHING_KNOWN, ..., ..., ...)
    pieces = list(_pieces(data, found.end()))
    for attribute, source, first in pieces:
        again = attribute in lists
        lists[attribute] = NOTHING_KNOWN if again else _read(imports, source, first, name)
    # Whatever else mentions an attribute, such as an append, may change it.
    mentions = len(_TOUCHED.findall(data))
    inside = sum(1 + len(_TOUCHED.findall(source)) for _, source, _ in pieces)
    if mentions != inside:
        lists = {key: (False, *value[1:]) for key, value in lists.items()}
    empty = (True, 0, []) if sound and mentions == inside else NOTHING_KNOWN
    order = ("dependencies", "run_before", "replaces")
    return (line, "", *(lists.get(key, empty) for key in order), ..., ..., ...)


def _pieces(data: bytes, start: int) -> Iterator[tuple[str, bytes, int]]:
    """Yield (attribute, source of its value, line) of each statement of the class body."""
    indent: bytes | None = None
    for found in _ATTRIBUTE.finditer(data, start):
        indent = indent or found[1]
        if found[1] == indent:
            line = data.count(b"\n", 0, found.end()) + 1
            yield found[2].decode(), _statement(data, found.end()), line


def _statement(data: bytes, start: int) -> bytes:
    """Return the shortest run of whole lines that is an expression."""
    lines = data[start:].split(b"\n", MAX_LINES)[:MAX_LINES]
    depth = tries = 0
    for count, line in enumerate(lines, 1):
        depth += sum(line.count(char) for char in (b"(", b"[", b"{"))
        depth -= sum(line.count(char) for char in (b")", b"]", b"}"))
        if depth <= 0:
            tries += 1
            source = b"\n".join(lines[:count])
            if not isinstance(parse(b"(" + source + b"\n)"), Failure):
                return source
            if tries == MAX_TRIES:
                break
    return lines[0]


def _read(imports: bytes, source: bytes, line: int, name: str) -> Raw:
    padding = b"\n" * max(0, line - 1 - imports.count(b"\n") - 1)
    tree = parse(imports + b"\n" + padding + b"value = (" + source + b"\n)")
    if isinstance(tree, Failure):
        return NOTHING_KNOWN
    module = Module(name, None)
    try:
        execute_module(module, tree)
    except OutOfFuel:
        return NOTHING_KNOWN
    return references_of(module, module.names.get("value", ...), line)
