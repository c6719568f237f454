"""From one file's bytes to the row that the cache keeps.

A row of a migration file is ``(header, body, failure)``; ``header`` is ``None`` where the
file is no migration, ``body`` where it could not be read, and ``failure`` is
``(trouble, line, reason)`` where something is wrong with the file.

This module and what it imports are loaded only where something has to be parsed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from workflow.history.configs import configs_of
from workflow.history.execute import Executor, execute_module
from workflow.history.extract import STRETCH, UNKNOWN_HEADER, migration_of
from workflow.history.header import sliced_header
from workflow.history.model import Trouble
from workflow.history.raw import Raw, fits, is_ref
from workflow.history.scope import Module, OutOfFuel
from workflow.history.syntax import Failure, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflow.history.files import Content
    from workflow.history.scope import Loader

SETTINGS: Final = ("MIGRATION_MODULES", "AUTH_USER_MODEL", "INSTALLED_APPS", "DATABASE_ROUTERS")
_DEFAULTS: Final[dict[str, Raw]] = {
    "MIGRATION_MODULES": {},
    "AUTH_USER_MODEL": "auth.User",
    "DATABASE_ROUTERS": [],
}

STRAY: Final = False
"""In place of a body: the file certainly binds no name ``Migration``."""

_NOTHING_KNOWN: Final[Raw] = ([STRETCH], [], {})
_LOOKS_LIKE_MIGRATION: Final = re.compile(rb"^class[ \t]+Migration\b", re.MULTILINE)


def migration_row(content: Content, name: str, loader: Loader | None) -> Raw:
    """Return the row of a file in a migrations folder."""
    data = content.data
    if content.error is not None:
        return UNKNOWN_HEADER, None, (Trouble.UNREADABLE.value, None, content.error)
    tree = parse(data)
    if isinstance(tree, Failure):
        sound = tree.trouble in {Trouble.NEWER_GRAMMAR, Trouble.TOO_DEEP}
        looks = _LOOKS_LIKE_MIGRATION.search(data)
        header = sliced_header(data, name, sound=sound) if looks else None
        return header, None, (tree.trouble.value, tree.line, tree.reason)
    module = Module(name, loader)
    try:
        execute_module(module, tree)
        found = migration_of(module)
    except (OutOfFuel, RecursionError):
        return sliced_header(data, name, sound=True), _NOTHING_KNOWN, None
    if found is None:
        return None, STRAY if "Migration" not in module.names else None, None
    if module.shared and not fits(found):
        return sliced_header(data, name, sound=True), _NOTHING_KNOWN, None
    return (*found, None)


def configs_row(content: Content, name: str, loader: Loader | None) -> Raw:
    """Return the app configurations of an ``apps.py`` as tuples."""
    module = _executed(content, name, loader)
    if module is None:
        return []
    try:
        return [tuple(config) for config in configs_of(module)]
    except (OutOfFuel, RecursionError):
        return []


def settings_row(content: Content, name: str, loader: Loader | None) -> Raw:
    """Return the settings that matter here, those that are certain, by name."""
    module = _executed(content, name, loader)
    if module is None:
        return {}
    try:
        values = {setting: _setting(module, setting) for setting in SETTINGS}
    except (OutOfFuel, RecursionError):
        return {}
    routers = values.pop("DATABASE_ROUTERS")
    known = {setting: value for setting, value in values.items() if value is not ...}
    # That there are routers matters even where it is not known which.
    return {**known, "DATABASE_ROUTERS": routers}


def _executed(content: Content, name: str, loader: Loader | None) -> Module | None:
    tree = parse(content.data) if content.error is None else None
    if tree is None or isinstance(tree, Failure):
        return None
    module = Module(name, loader)
    try:
        execute_module(module, tree)
    except (OutOfFuel, RecursionError):
        return None
    return module


def _setting(module: Module, name: str) -> Raw:
    if name not in module.names:
        return ... if module.has_star else _DEFAULTS.get(name, ...)
    executor = Executor(module, [module.names])
    value = executor.forced(module.names[name])
    if type(value) is list:
        value = [executor.forced(item) for item in value]
    return value if not is_ref(value) and fits(value) else ...


ROWS: Final[dict[str, Callable[[Content, str, Loader | None], Raw]]] = {
    "migration": migration_row,
    "configs": configs_row,
    "settings": settings_row,
}
"""What a file can be read as."""
