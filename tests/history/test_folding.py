"""What is computed from literals, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.history.conftest import migration
from workflow.history.values import UNKNOWN, Call, Ref

COMPUTED = {
    "'a' + 'b'": "ab",
    "2 * 3 + 4 - 1": 9,
    "7 // 2": 3,
    "2 ** 10": 1024,
    "7 % 4": 3,
    "'%s-%d' % ('a', 1)": "a-1",
    "'{}.{}'.format('a', 1)": "a.1",
    "f'a{1}{\"b\"}'": "a1b",
    "'a,b'.split(',')": ("a", "b"),
    "'a.b.c'.rpartition('.')": ("a.b", ".", "c"),
    "', '.join(['a', 'b'])": "a, b",
    "' A '.strip().lower()": "a",
    "'a\\nb'.splitlines()": ("a", "b"),
    "[1, 2][0]": 1,
    "(1, 2)[-1]": 2,
    "{'a': 1}['a']": 1,
    "{'a': 1}.get('b', 2)": 2,
    "list({'a': 1}.items())": (("a", 1),),
    "list({'a': 1}.values())": (1,),
    "{**{'a': 1}, 'b': 2}": {"a": 1, "b": 2},
    "dict(a=1)": {"a": 1},
    "sorted(['b', 'a'])": ("a", "b"),
    "list(reversed([1, 2]))": (2, 1),
    "list(enumerate(['a']))": ((0, "a"),),
    "list(range(3))": (0, 1, 2),
    "len([1, 2])": 2,
    "str(1)": "1",
    "-1": -1,
    "not []": True,
    "1 < 2": True,
    "'a' in ['a']": True,
    "'a' not in 'b'": True,
    "None is None": True,
    "'' or 'a'": "a",
    "'a' and 'b'": "b",
    "1 if 'a' == 'a' else 2": 1,
    "[x for x in 'a b'.split() if x != 'a']": ("b",),
    "[(x, y) for x in [1] for y in [2, 3]]": ((1, 2), (1, 3)),
    "{x for x in ['a']}": ("a",),
    "uuid.uuid4": Ref("uuid.uuid4"),
    "lambda: 1": Ref(".<lambda>"),
    "models.Q(a=1) | models.Q(b=2)": Call(
        "operator.or_",
        (
            Call("django.db.models.Q", (), {"a": 1}, 8),
            Call("django.db.models.Q", (), {"b": 2}, 8),
        ),
        {},
        8,
    ),
    "models.F('a').desc()": Call("django.db.models.F().desc", (), {}, 8),
}

NOT_COMPUTED = [
    "9 ** 9 ** 9",
    "1 / 0",
    "'a' * 10",
    "1 << 3",
    "'{:>9}'.format(1)",
    "'{0}'.format(1)",
    "'%9d' % 1",
    "f'{1:>9}'",
    "f'{1!r}'",
    "[1][5]",
    "{'a': 1}['b']",
    "settings.X or 'a'",
    "'a' if settings.X else 'b'",
    "1 < 2 < 3",
    "1 < 'a'",
    "unknown",
    "unknown[0]",
    "'a'.encode()",
    "len(settings.X)",
    "range(10 ** 9)",
    "(yield)",
    "1j",
    "...",
]


def value_of(text: str, one: Callable[..., Any]) -> Any:
    found = one(migration(head="import uuid\n", operations=f"migrations.RunSQL({text})"))
    (operation,) = found.operations
    return operation.args["sql"]


@pytest.mark.parametrize(("text", "value"), COMPUTED.items())
def test_is_computed(text: str, value: object, one: Callable[..., Any]) -> None:
    found = value_of(text, one)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", NOT_COMPUTED)
def test_is_not_known(text: str, one: Callable[..., Any]) -> None:
    assert value_of(text, one) is UNKNOWN
