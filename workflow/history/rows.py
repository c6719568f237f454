"""From the raw rows that parsing makes and the cache keeps to the objects of a history."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any, cast

from workflow.history.model import (
    Body,
    Function,
    Header,
    Import,
    ModelLookup,
    Operation,
    Reference,
    References,
)
from workflow.history.raw import Raw, decode_dict
from workflow.history.values import UNKNOWN, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Sequence


def header_of(row: Raw) -> Header:
    """Return the header that this row stands for."""
    line, base, dependencies, run_before, replaces, initial, atomic, alters = row
    return Header(
        line,
        base,
        _references(dependencies),
        _references(run_before),
        _references(replaces),
        _or_unknown(initial),
        _or_unknown(atomic),
        _or_unknown(alters),
    )


def _or_unknown(raw: Raw) -> Any:
    return UNKNOWN if raw is ... else raw


def _references(row: Raw) -> References:
    complete, line, rows = row
    if complete and not rows and not line:
        return _NO_REFERENCES
    items = tuple(
        [
            Reference(_or_unknown(app), _or_unknown(name), at, certain, setting)
            for app, name, at, certain, setting in rows
        ]
    )
    return References(items, complete, line)


_NO_REFERENCES = References()


def body_of(row: Raw) -> Body:
    """Return the body that this row stands for; ``None`` is a file that was not read."""
    if row is None:
        return _UNREAD
    if type(row) is bytes:
        row = marshal.loads(row)  # noqa: S302 - comes out of the sealed cache
    operations, imports, functions = row
    return Body(
        operations_of(operations),
        tuple([Import(*item) for item in imports]),
        {name: _function(name, parts) for name, parts in functions.items()},
    )


_NOTHING_KNOWN = References((), complete=False)
UNREAD_HEADER = Header(
    0, "", _NOTHING_KNOWN, _NOTHING_KNOWN, _NOTHING_KNOWN, UNKNOWN, UNKNOWN, UNKNOWN
)
_UNREAD = Body((Operation("", "", UNKNOWN, False, {}, True, 0, 0),))


def operations_of(rows: Sequence[Raw]) -> tuple[Operation, ...]:
    """Return the operations that these rows stand for, nested ones included."""
    return tuple([_operation(row, position) for position, row in enumerate(rows)])


def _operation(row: Raw, position: int) -> Operation:
    path, kind, is_django, args, complete, line, certain, database, state = row
    return Operation(
        path.rpartition(".")[2],
        path,
        UNKNOWN if kind is ... else kind,
        is_django,
        cast("dict[str, Value]", decode_dict(args)),
        complete,
        line,
        position,
        certain,
        operations_of(database) if database else (),
        operations_of(state) if state else (),
    )


def _function(name: str, row: Raw) -> Function:
    line, parameters, required, variadic, decorated, keyword_only, names, imports, lookups = row
    return Function(
        name,
        line,
        tuple(parameters),
        required,
        variadic,
        decorated,
        keyword_only,
        tuple(names),
        tuple([Import(*item) for item in imports]),
        tuple([_lookup(*item) for item in lookups]),
    )


def _lookup(app: Raw, model: Raw, line: int) -> ModelLookup:
    return ModelLookup(_text(app), _text(model), line)


def _text(raw: Raw) -> str | Unknown:
    return raw if isinstance(raw, str) else UNKNOWN
