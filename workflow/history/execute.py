"""Statements of a file, followed without executing anything.

What a statement certainly does is done to the names; a branch that may or may not be taken
is joined; and what cannot be followed leaves everything that it could have touched unknown.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from workflow.history import folding
from workflow.history.evaluate import Evaluator, unpack
from workflow.history.joining import Branch, join, join_back
from workflow.history.raw import MORE, Raw, are_exact, is_constant, items_of, ref, truth_of
from workflow.history.scope import ClassBinding, FunctionBinding, Module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class _Flow:
    """Where the run of a list of statements ended.

    ``returns`` holds the values of the ``return`` statements seen so far.
    """

    __slots__ = ("returns", "stopped")

    def __init__(self) -> None:
        self.stopped = False
        self.returns: list[Raw] = []


class _Opaque(Exception):
    """The function does what is not followed here."""


class Executor(Evaluator):
    """Follows the statements of one namespace: a module, a class body or a function."""

    def __init__(self, module: Module, scopes: list[dict[str, Raw]], calls: int = 0) -> None:
        super().__init__(module, scopes, _run_function, calls)
        self.flow = _Flow()
        self.lines: dict[str, int] = {}
        self.in_function = False

    @property
    def scope(self) -> dict[str, Raw]:
        """The namespace that statements bind names in."""
        return self.scopes[-1]

    def run_all(self, statements: Sequence[_ast.AST]) -> None:
        """Follow the statements in order, up to one that leaves for certain."""
        for statement in statements:
            self.module.burn()
            handler = _HANDLERS.get(type(statement))
            if handler is None:
                self.forget([statement])
            else:
                handler(self, statement)
            if self.flow.stopped:
                return

    def branches(self, bodies: Sequence[Sequence[_ast.AST]]) -> None:
        """Follow each of the bodies as if it were the one taken, and join what follows."""
        taken: list[Branch] = []
        size = sum(len(scope) for scope in self.scopes)
        for body in bodies:
            self.module.burn(size)
            branch = Branch(self.scopes)
            if self._run_branch(branch, body):
                taken.append(branch)
        if not taken:
            self.flow.stopped = True
            return
        join_back(self.scopes, taken)

    def _run_branch(self, branch: Branch, body: Sequence[_ast.AST]) -> bool:
        scopes, self.scopes = self.scopes, branch.scopes
        names, self.module.names = self.module.names, _module_names(branch, self.module, scopes)
        try:
            self.run_all(body)
            return not self.flow.stopped
        finally:
            self.flow.stopped = False
            self.scopes, self.module.names = scopes, names

    def forget(self, statements: Sequence[_ast.AST]) -> None:
        """Make unknown whatever these statements could bind or change."""
        if self.in_function:
            raise _Opaque
        for name in _touched(statements):
            value = self.lookup(name)
            if type(value) is list:
                value[:] = [MORE]
            elif type(value) is dict:
                value.clear()
                value[...] = ...
            elif isinstance(value, ClassBinding):
                _forget_class(value)
        for name in _bound(statements):
            self.scope[name] = ...


def _module_names(branch: Branch, module: Module, scopes: list[dict[str, Raw]]) -> dict[str, Raw]:
    for scope, copy in zip(scopes, branch.scopes, strict=True):
        if scope is module.names:
            return copy
    return module.names


def _forget_class(binding: ClassBinding) -> None:
    binding.exact = False
    for name in binding.attributes:
        binding.attributes[name] = ...


def execute_module(module: Module, tree: _ast.Module) -> None:
    """Bind the module's names as running it would, where that is certain."""
    Executor(module, [module.names]).run_all(tree.body)


def _run_function(caller: Evaluator, binding: FunctionBinding, names: dict[str, Raw]) -> Raw:
    """Return what the function's body returns, ``...`` where that cannot be followed."""
    node = binding.node
    if type(node) is not _ast.FunctionDef:
        return ...
    owner = binding.owner
    scopes = [owner.names, names] if owner is not caller.module else [caller.scopes[0], names]
    executor = Executor(owner, scopes, caller.calls + 1)
    executor.in_function = True
    try:
        executor.run_all(node.body)
    except _Opaque:
        caller_forgets(caller, node)
        return ...
    return _returned(executor.flow)


def caller_forgets(caller: Evaluator, node: _ast.FunctionDef) -> None:
    """Make unknown the caller's lists that a function which was not followed may change."""
    for name in _touched([node]):
        value = caller.scopes[0].get(name)
        if type(value) is list:
            value[:] = [MORE]


def _returned(flow: _Flow) -> Raw:
    values = flow.returns if flow.stopped else [*flow.returns, None]
    result = values[0]
    for value in values[1:]:
        result = join(result, value)
    return result


def _import(executor: Executor, node: _ast.Import) -> None:
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        executor.scope[name] = ref(alias.name if alias.asname else name)
        executor.module.imports.append((alias.name, name, node.lineno))


def _import_from(executor: Executor, node: _ast.ImportFrom) -> None:
    module = executor.module
    package = module.absolute(node.module, node.level)
    for alias in node.names:
        name = alias.asname or alias.name
        module.imports.append((f"{package}.{alias.name}", name, node.lineno))
        if name == "*":
            _import_star(executor, package)
        else:
            executor.scope[name] = ref(f"{package}.{alias.name}") if package else ...


def _import_star(executor: Executor, package: str) -> None:
    loader = executor.module.loader
    other = loader.module(package) if loader else None
    if other is None:
        executor.module.has_star = True
        for name in executor.scope:
            executor.scope[name] = ...
        return
    executor.module.has_star = executor.module.has_star or other.has_star
    for name in other.names:
        if not name.startswith("_"):
            executor.scope[name] = ref(f"{package}.{name}")


def _assign(executor: Executor, node: _ast.Assign) -> None:
    value = executor.value(node.value)
    for target in node.targets:
        _store(executor, target, value)


def _annotated(executor: Executor, node: _ast.AnnAssign) -> None:
    if node.value is not None:
        _store(executor, node.target, executor.value(node.value))


def _store(executor: Executor, target: _ast.AST, value: Raw) -> None:
    if type(target) is _ast.Name:
        executor.scope[target.id] = value
        executor.lines[target.id] = target.lineno
    elif type(target) is _ast.Attribute:
        _store_attribute(executor, target, value)
    elif type(target) is _ast.Subscript:
        _store_item(executor, target, value)
    elif not unpack(target, value, executor.scope, executor):
        executor.forget([target])


def _class_of(executor: Executor, node: _ast.AST) -> ClassBinding | None:
    found = executor.lookup(node.id) if type(node) is _ast.Name else None
    return found if isinstance(found, ClassBinding) else None


def _store_attribute(executor: Executor, target: _ast.Attribute, value: Raw) -> None:
    binding = _class_of(executor, target.value)
    if binding is not None:
        binding.attributes[target.attr] = value


def _store_item(executor: Executor, target: _ast.Subscript, value: Raw) -> None:
    owner = executor.value(target.value)
    key = executor.value(target.slice)
    if type(owner) is dict:
        owner[key if is_constant(key) else ...] = value if is_constant(key) else ...
    elif type(owner) is list:
        exact = type(key) is int and are_exact(owner) and -len(owner) <= key < len(owner)
        if exact:
            owner[key] = value
        else:
            owner[:] = [MORE]


def _augment(executor: Executor, node: _ast.AugAssign) -> None:
    target = node.target
    current = executor.value(target)
    value = executor.forced(executor.value(node.value))
    if type(current) is list and type(node.op) is _ast.Add:
        current += executor.unpacked(value)
        executor.module.burn(len(current))
        return
    current = executor.forced(current)
    _store(executor, target, folding.binary(type(node.op), current, value, node.lineno))


def _expression(executor: Executor, node: _ast.Expr) -> None:
    call = node.value
    if type(call) is _ast.Constant:
        return
    if type(call) is not _ast.Call:
        executor.forget([node])
    elif not _mutate(executor, call):
        _call_for_effect(executor, call)


def _mutate(executor: Executor, call: _ast.Call) -> bool:
    """Carry out a method call on a list or dictionary; return whether it was one."""
    if type(call.func) is not _ast.Attribute:
        return False
    owner = executor.value(call.func.value)
    if type(owner) is list:
        _mutate_list(executor, owner, call.func.attr, executor.items(call.args))
        return True
    if type(owner) is dict:
        _mutate_dict(executor, owner, call)
        return True
    return False


def _mutate_list(executor: Executor, owner: list[Raw], name: str, args: list[Raw]) -> None:
    executor.module.burn(len(owner))
    if name == "append" and len(args) == 1:
        owner.append(args[0])
    elif name == "extend" and len(args) == 1:
        owner += executor.unpacked(args[0])
    elif name == "insert" and len(args) == 2 and args[0] == 0 and type(args[0]) is int:
        owner.insert(0, args[1])
    elif name not in {"copy", "index", "count"}:
        owner[:] = [MORE]


def _mutate_dict(executor: Executor, owner: dict[Raw, Raw], call: _ast.Call) -> None:
    more = executor.forced(executor.value(call.args[0])) if len(call.args) == 1 else None
    if call.func.attr == "update" and type(more) is dict and not call.keywords:  # type: ignore[attr-defined]
        owner.update(more)
    else:
        owner.clear()
        owner[...] = ...


def _call_for_effect(executor: Executor, call: _ast.Call) -> None:
    """Follow a function that is called for what it does, or forget what it may change."""
    callee = executor.value(call.func)
    if type(callee) is tuple and callee[0] == "r":
        if callee[1] in _HARMLESS or callee[1].startswith(("logging.", "warnings.")):
            return
        binding = executor.lookup(callee[1][1:]) if callee[1].startswith(".") else None
        if isinstance(binding, FunctionBinding):
            executor.value(call)
            return
    executor.forget([call])


_HARMLESS = frozenset({"builtins.print"})


def _if(executor: Executor, node: _ast.If) -> None:
    truth = _truth(executor, node.test)
    if truth is None:
        executor.branches([node.body, node.orelse])
    else:
        executor.run_all(node.body if truth else node.orelse)


def _truth(executor: Executor, test: _ast.AST) -> bool | None:
    raw = executor.forced(executor.value(test))
    if type(raw) is tuple and raw[:2] == ("r", "typing.TYPE_CHECKING"):
        return False
    return truth_of(raw)


def _try(executor: Executor, node: Any) -> None:
    handlers = [handler.body for handler in node.handlers]
    if handlers:
        executor.branches([[*node.body, *node.orelse], *handlers])
        _unsettle(executor, node)
    else:
        executor.run_all([*node.body, *node.orelse])
    if not executor.flow.stopped:
        executor.run_all(node.finalbody)


def _unsettle(executor: Executor, node: Any) -> None:
    # A handler runs after any part of the body: what the body changes in place and
    # the handler does not bind again may be half done.
    changed = {name for name in _touched(node.body) if type(executor.lookup(name)) is list}
    for name in changed - set(_bound(node.body)):
        executor.lookup(name).append(MORE)


def _for(executor: Executor, node: _ast.For) -> None:
    items = items_of(executor.forced(executor.value(node.iter)))
    if items is None or not are_exact(items) or _leaves_loop(node.body):
        executor.forget([node])
        return
    for item in list(items):
        executor.module.burn(5)
        if not unpack(node.target, item, executor.scope, executor):
            executor.forget([node])
            return
        executor.run_all(node.body)
        if executor.flow.stopped:
            return
    executor.run_all(node.orelse)


def _leaves_loop(body: Sequence[_ast.AST]) -> bool:
    return any(type(node) in {_ast.Break, _ast.Continue} for node in walk(body))


def _with(executor: Executor, node: _ast.With) -> None:
    for item in node.items:
        if item.optional_vars is not None:
            executor.forget([item.optional_vars])
    executor.run_all(node.body)


def _define(executor: Executor, node: _ast.FunctionDef) -> None:
    executor.scope[node.name] = FunctionBinding(node, executor.module)


def _class(executor: Executor, node: _ast.ClassDef) -> None:
    body = Executor(executor.module, [*executor.scopes, {}], executor.calls)
    body.in_function = executor.in_function
    body.run_all(node.body)
    binding = ClassBinding(
        node.name,
        executor.items(node.bases),
        body.scope,
        node.lineno,
        executor.module,
        exact=not node.keywords and not node.decorator_list and not body.flow.stopped,
    )
    binding.lines = body.lines
    executor.scope[node.name] = binding


def _delete(executor: Executor, node: _ast.Delete) -> None:
    for target in node.targets:
        if type(target) is _ast.Name:
            executor.scope.pop(target.id, None)
        else:
            executor.forget([target])


def _return(executor: Executor, node: _ast.Return) -> None:
    value = executor.value(node.value) if node.value else None
    executor.flow.returns.append(executor.forced(value))
    executor.flow.stopped = True


def _stop(executor: Executor, _node: _ast.AST) -> None:
    executor.flow.stopped = True


def _pass(_executor: Executor, _node: _ast.AST) -> None:
    """Nothing happens."""


def walk(nodes: Sequence[_ast.AST]) -> Iterator[_ast.AST]:
    """Yield these nodes and all below them."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield node
        for child in vars(node).values():
            if type(child) is list:
                todo += [item for item in child if isinstance(item, _ast.AST)]
            elif isinstance(child, _ast.AST):
                todo.append(child)


def _touched(nodes: Sequence[_ast.AST]) -> Iterator[str]:
    """Yield every name that these nodes mention."""
    for node in walk(nodes):
        if type(node) is _ast.Name:
            yield node.id


def _bound(nodes: Sequence[_ast.AST]) -> list[str]:
    """Return every name that these nodes bind, nested functions and classes included."""
    names = []
    for node in walk(nodes):
        if type(node) is _ast.Name and type(node.ctx) is not _ast.Load:
            names.append(node.id)
        elif type(node) in {_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef}:
            names.append(node.name)  # type: ignore[attr-defined]
        elif type(node) is _ast.alias:
            names.append(node.asname or node.name.partition(".")[0])
    return names


_HANDLERS: dict[type, Callable[[Executor, Any], None]] = {
    _ast.Import: _import,
    _ast.ImportFrom: _import_from,
    _ast.Assign: _assign,
    _ast.AnnAssign: _annotated,
    _ast.AugAssign: _augment,
    _ast.Expr: _expression,
    _ast.If: _if,
    _ast.Try: _try,
    _ast.For: _for,
    _ast.With: _with,
    _ast.FunctionDef: _define,
    _ast.AsyncFunctionDef: _define,
    _ast.ClassDef: _class,
    _ast.Delete: _delete,
    _ast.Return: _return,
    _ast.Raise: _stop,
    _ast.Pass: _pass,
    _ast.Assert: _pass,
}
