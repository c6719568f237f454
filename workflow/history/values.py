"""What an expression in a migration file can be once it is read as data.

A value is exact or it is :data:`UNKNOWN`; nothing in between is guessed. Literals are
Python's own ``str``, ``int``, ``float``, ``bool``, ``bytes`` and ``None``. Lists, tuples and
sets are all ``tuple``; dictionaries are ``dict`` (treat them as frozen). What only running
the project could compute but what has a name stays a :class:`Ref` or a :class:`Call`.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, Union

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unknown(enum.Enum):
    """The type of :data:`UNKNOWN` and :data:`UNKNOWN_ITEMS`. Compare with ``is``."""

    UNKNOWN = "not statically known"
    """One value that cannot be told without running the project.

    As a key of a dictionary: the dictionary may hold more keys than it shows.
    """
    ITEMS = "not statically known items"
    """Inside a tuple: any number of values, none included, stand here."""

    def __bool__(self) -> bool:
        raise TypeError("a value that is not statically known is neither true nor false")

    def __repr__(self) -> str:
        return f"<{self.value}>"

    # An enum's own hash is computed in Python, and dictionaries are asked for this key often.
    __hash__ = object.__hash__


UNKNOWN: Final = Unknown.UNKNOWN
UNKNOWN_ITEMS: Final = Unknown.ITEMS


class Ref(NamedTuple):
    """A name that stands for something: a class, a function, a setting.

    ``path`` is the dotted path after imports are resolved: ``django.db.models.CASCADE``,
    ``django.conf.settings.AUTH_USER_MODEL``, ``uuid.uuid4``. Names that the file itself
    defines start with a dot: ``.forwards``.
    """

    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def setting(self) -> str | None:
        """The setting's name where this is an attribute of Django's settings."""
        head, _, name = self.path.rpartition(".")
        return name if head == "django.conf.settings" else None


class Call(NamedTuple):
    """A call whose result only running the project could make: a field, an index, ``Q(…)``.

    ``path`` is resolved as in :class:`Ref`. ``kwargs`` has :data:`UNKNOWN` as a key where
    ``**something`` may add more, and ``args`` holds :data:`UNKNOWN_ITEMS` for ``*something``.
    ``line`` counts from 1.
    """

    path: str
    args: tuple[Value, ...]
    kwargs: Mapping[str | Unknown, Value]
    line: int

    @property
    def name(self) -> str:
        """The last part of the path: ``CharField``."""
        return self.path.rpartition(".")[2]

    def argument(self, name: str, position: int | None = None, default: Value = None) -> Value:
        """Return the argument of this name or position, ``default`` where it is not given.

        ``UNKNOWN`` where it cannot be told whether it is given.
        """
        if name in self.kwargs:
            return self.kwargs[name]
        if position is not None:
            before = self.args[: position + 1]
            if UNKNOWN_ITEMS in before:
                return UNKNOWN
            if position < len(before):
                return before[position]
        return UNKNOWN if UNKNOWN in self.kwargs else default


Value: TypeAlias = Union[
    str, int, float, bytes, Unknown, Ref, Call, "tuple[Value, ...]", "dict[Key, Value]", None
]
Key: TypeAlias = "str | Unknown"
Ternary: TypeAlias = "bool | Unknown"


def is_known(value: Value) -> bool:
    """Return whether the value holds nothing unknown, however deep, names and calls apart."""
    todo: list[Value] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Unknown):
            return False
        if isinstance(item, dict):
            todo += [*item, *item.values()]
        elif isinstance(item, Call):
            todo += [*item.args, *item.kwargs, *item.kwargs.values()]
        elif isinstance(item, tuple) and not isinstance(item, Ref):
            todo += [*item]
    return True
