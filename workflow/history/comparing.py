"""Whether two texts of a migration are the same migration to Django.

What Django does not see is no difference: comments, formatting, docstrings, annotations, the
order of imports, a tuple for a list. What can be read exactly is compared as it was read;
the rest of the file, such as the functions of RunPython, as its syntax tree.
"""

from __future__ import annotations

import _ast
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from workflow.history.digests import digest_of
from workflow.history.files import Content
from workflow.history.model import Body, Header, MigrationKey, Operation, Reference, References
from workflow.history.parsing import migration_row
from workflow.history.plain import plain, plain_operation
from workflow.history.rows import body_of, header_of
from workflow.history.syntax import Failure, parse
from workflow.history.values import Call, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

READ: Final = ("dependencies", "run_before", "replaces", "operations", "initial", "atomic")
"""Attributes of the class that are compared as they were read."""

NO_COLUMN: Final = frozenset(
    {"blank", "choices", "db_comment", "editable", "error_messages", "help_text",
     "limit_choices_to", "on_delete", "related_name", "related_query_name", "storage",
     "upload_to", "validators", "verbose_name"}
)  # fmt: skip
"""Arguments of a field that no database sees (``non_db_attrs`` of Django's schema editor)."""

NO_TABLE: Final = frozenset(
    {"base_manager_name", "default_manager_name", "default_permissions", "default_related_name",
     "get_latest_by", "ordering", "permissions", "select_on_save", "verbose_name",
     "verbose_name_plural"}
)  # fmt: skip
"""Options of a model that no database sees."""

NO_STATEMENT: Final = frozenset({"AlterModelOptions", "AlterModelManagers"})
"""Operations that no database sees."""

NO_STEP_FORWARD: Final = frozenset({"reverse_code", "reverse_sql", "elidable", "hints", "managers"})
"""Arguments of an operation that change nothing on the way forward."""


class Difference(NamedTuple):
    """How a migration differs from what it was.

    ``parts`` are what changed, in words: names of attributes, ``code`` for the rest of the file.
    ``operation`` is the first one that differs, in the new file, and ``line`` where it stands.
    ``reaches_database``: whether a database comes out otherwise, as far as it can be told.
    """

    parts: tuple[str, ...]
    reaches_database: bool
    operation: int | None = None
    line: int | None = None


class Moves(NamedTuple):
    """What a squash explains.

    ``replaced`` leads from an original to its squash. ``gone`` are originals that are no
    longer there: a squash need not name them any more.
    """

    replaced: Mapping[MigrationKey, MigrationKey] = {}
    gone: frozenset[MigrationKey] = frozenset()


NO_MOVES: Final = Moves()


def compare(old: bytes, new: bytes, moves: Moves = NO_MOVES) -> Difference | None:
    """Return how a new text differs from an old one, ``None`` where Django sees no difference."""
    if old == new:
        return None
    before, after = _Text(old), _Text(new)
    if before.tree is None or after.tree is None:
        return Difference(("code",), reaches_database=True)
    exact = before.is_exact and after.is_exact
    parts = list(_parts(before, after, moves)) if exact else []
    if before.rest(exact=exact) != after.rest(exact=exact):
        parts.append("code")
    if not parts:
        return None
    reaches = "code" in parts or any(
        part in parts for part in ("dependencies", "run_before", "replaces", "base class")
    )
    index = None
    if "operations" in parts:
        reaches = reaches or _database(before) != _database(after)
        index = _first_different(before.body.operations, after.body.operations)
    line = None if index is None else after.body.operations[index].line
    return Difference(tuple(parts), reaches, index, line or after.header.line or None)


def read_header(data: bytes) -> Header | None:
    """Return what a text says about itself, ``None`` where it is no migration."""
    text = _Text(data)
    return text.header if text.has_migration else None


def fingerprint(data: bytes) -> str | None:
    """Return what two migrations share that do the same, whatever they depend on.

    ``None`` for one that does nothing, or where it can't be told.
    """
    text = _Text(data)
    if not text.is_exact or not text.body.operations or text.tree is None:
        return None
    try:
        said = repr((_operations(text), text.rest(exact=True)))
    except ValueError:
        return None  # an integer too long to be written out
    return digest_of(said.encode("utf-8", "surrogatepass"))


class _Text:
    """One text of a migration: what was read of it, and its syntax tree."""

    def __init__(self, data: bytes) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escapes, and the like, in the file
            tree = parse(data)
            content = Content(data, digest_of(data))
            header, body, _ = migration_row(content, "migration", None)
        self.tree = None if isinstance(tree, Failure) else tree
        self.has_migration = header is not None
        self.header = Header() if header is None else header_of(header)
        self.body = Body() if header is None else body_of(body)

    @property
    def is_exact(self) -> bool:
        """Whether everything in the class was read for certain."""
        header = self.header
        return (
            self.has_migration
            and header.alters_state is False
            and all(map(_is_complete, (header.dependencies, header.run_before, header.replaces)))
            and not isinstance(header.initial, Unknown)
            and not isinstance(header.atomic, Unknown)
            and all(map(_is_known, self.body.operations))
        )

    def rest(self, *, exact: bool) -> tuple[list[Any], list[Any]]:
        """Return the file without what was read of it, and the imports that this rest uses."""
        assert self.tree is not None  # noqa: S101 - asked of texts that parse only
        statements = [node for node in self.tree.body if not _is_import(node)]
        tokens = list(_tokens(_without_docstring(statements), READ if exact else ()))
        names = {value for kind, value in tokens if kind is str}
        imports = [
            row
            for node in self.tree.body
            if _is_import(node)
            for row in _imported(node)
            if row[-1] in names or row[-1] == "*"
        ]
        return tokens, sorted(imports)


def _is_complete(references: References) -> bool:
    return references.complete and all(
        item.certain and (item.key is not None or item.setting is not None)
        for item in references.items
    )


def _is_known(operation: Operation) -> bool:
    nested = (*operation.database_operations, *operation.state_operations)
    return (
        bool(operation.name)
        and operation.complete
        and operation.certain
        and Unknown not in {type(value) for value in _leaves(operation.args)}
        and all(map(_is_known, nested))
    )


def _leaves(value: Any) -> Iterator[Any]:
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Call):
            todo += [*item.args, *item.kwargs, *item.kwargs.values()]
        elif isinstance(item, dict):
            todo += [*item, *item.values()]
        elif isinstance(item, tuple):
            todo += item
        else:
            yield item


def _parts(before: _Text, after: _Text, moves: Moves) -> Iterator[str]:
    old, new = before.header, after.header
    for name in ("dependencies", "run_before", "replaces"):
        lists = (getattr(old, name), getattr(new, name))
        gone = moves.gone if name == "replaces" else frozenset()
        follow = moves.replaced if name != "replaces" else {}
        if len({_keys(references, follow, gone) for references in lists}) > 1:
            yield name
    if _operations(before) != _operations(after):
        yield "operations"
    if old.base != new.base:
        yield "base class"
    yield from (name for name in ("initial", "atomic") if getattr(old, name) != getattr(new, name))


def _keys(
    references: References,
    follow: Mapping[MigrationKey, MigrationKey],
    gone: frozenset[MigrationKey],
) -> frozenset[Any]:
    return frozenset(
        _followed(item, follow)
        for item in references.items
        if item.key is None or item.key not in gone
    )


def _followed(item: Reference, follow: Mapping[MigrationKey, MigrationKey]) -> Any:
    key = item.key
    if key is None:
        return item.setting, item.name
    for _ in follow:
        if key not in follow:
            break
        key = follow[key]
    return key


def _operations(text: _Text) -> list[Any]:
    return [plain_operation(operation) for operation in text.body.operations]


def _first_different(old: Sequence[Operation], new: Sequence[Operation]) -> int | None:
    for index, operation in enumerate(new):
        if index >= len(old) or plain_operation(old[index]) != plain_operation(operation):
            return index
    return len(new) - 1 if new else None


def _database(text: _Text) -> list[Any]:
    """Return the operations as far as a database sees them on the way forward."""
    return [
        _forward(operation)
        for operation in text.body.operations
        if operation.kind not in NO_STATEMENT
    ]


def _forward(operation: Operation) -> Any:
    args = {name: value for name, value in operation.args.items() if name not in NO_STEP_FORWARD}
    shown = {name: _SEEN.get(name, plain)(value) for name, value in args.items()}
    nested = operation.database_operations
    return operation.path, shown, [_forward(inner) for inner in nested]


def _column(value: Value) -> Any:
    if not isinstance(value, Call):
        return plain(value)
    seen = {key: item for key, item in value.kwargs.items() if key not in NO_COLUMN}
    return plain(value._replace(kwargs=seen))


def _columns(value: Value) -> Any:
    if not isinstance(value, tuple):
        return plain(value)
    return [[_column(part) for part in pair] for pair in value if isinstance(pair, tuple)]


def _table(value: Value) -> Any:
    if not isinstance(value, dict):
        return plain(value)
    return {key: plain(item) for key, item in value.items() if key not in NO_TABLE}


_SEEN: Final[Mapping[str, Callable[[Value], Any]]] = {
    "field": _column,
    "fields": _columns,
    "options": _table,
}
"""What a database sees of an argument."""


SKIPPED: Final = frozenset({"annotation", "returns", "type_comment", "kind", "ctx", "type_ignores"})
"""Parts of a syntax tree that change nothing that a migration does."""

BLOCKS: Final = (_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef)


def _tokens(statements: list[_ast.stmt], read: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Yield the tree as a flat row: by hand, because a deep one ends the recursion of Python.

    Statements of the class ``Migration`` that set an attribute of ``read`` are left out.
    """
    todo: list[Any] = [statements]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            yield list, len(node)
            todo += reversed(node)
        elif isinstance(node, _ast.AnnAssign):
            if node.value is not None:
                yield _ast.Assign, None
                todo += [node.value, [node.target]]
        elif isinstance(node, _ast.AST):
            yield type(node), None
            todo += reversed(
                [_part(node, name, read) for name in node._fields if name not in SKIPPED]
            )
        else:
            yield type(node), node


def _part(node: _ast.AST, name: str, read: Sequence[str]) -> Any:
    part = getattr(node, name, None)
    if name == "body" and isinstance(node, BLOCKS):
        part = _without_docstring(part or [])
    if read and isinstance(node, _ast.ClassDef) and node.name == "Migration":
        if name == "bases":
            return []
        if name == "body":
            return [inner for inner in part or [] if not _sets_one_of(inner, read)]
    return part


def _without_docstring(body: list[_ast.stmt]) -> list[_ast.stmt]:
    return body[1:] if body and _is_text(body[0]) else body


def _is_text(node: _ast.stmt) -> bool:
    return (
        isinstance(node, _ast.Expr)
        and isinstance(node.value, _ast.Constant)
        and isinstance(node.value.value, str)
    )


def _sets_one_of(node: _ast.stmt, read: Sequence[str]) -> bool:
    targets: list[_ast.expr] = []
    if isinstance(node, _ast.Assign):
        targets = node.targets
    elif isinstance(node, _ast.AnnAssign):
        targets = [node.target]
    return bool(targets) and all(
        isinstance(target, _ast.Name) and target.id in read for target in targets
    )


def _is_import(node: _ast.stmt) -> bool:
    return isinstance(node, _ast.Import | _ast.ImportFrom)


def _imported(node: _ast.stmt) -> Iterator[tuple[str, int, str, str]]:
    """Yield module, level, name and what the name is bound to."""
    if isinstance(node, _ast.Import):
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            yield alias.name if alias.asname else bound, 0, "", bound
    elif isinstance(node, _ast.ImportFrom) and node.module != "__future__":
        for alias in node.names:
            yield node.module or "", node.level, alias.name, alias.asname or alias.name
