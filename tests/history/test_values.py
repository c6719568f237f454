"""Values that are exact, and those that are not known."""

from __future__ import annotations

import pytest

from workflow.history.raw import MORE, decode, fits, is_constant, truth_of, without_locals
from workflow.history.values import UNKNOWN, UNKNOWN_ITEMS, Call, Ref, Value, is_known


def test_the_unknown_has_no_truth() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNKNOWN)


DECODED: dict[str, tuple[object, Value]] = {
    "a constant": (1.5, 1.5),
    "nothing": (None, None),
    "unknown": (..., UNKNOWN),
    "a list": ([1, ...], (1, UNKNOWN)),
    "a tuple": (("t", ["a"], 3), ("a",)),
    "a set": (("s", ["a"]), ("a",)),
    "a name": (("r", "a.b"), Ref("a.b")),
    "a call": (("c", "a.B", [1], {"x": ...}, 7), Call("a.B", (1,), {"x": UNKNOWN}, 7)),
    "more items": ([MORE], (UNKNOWN_ITEMS,)),
    "an item that may be there": ([("?", 1)], (UNKNOWN_ITEMS,)),
    "a dictionary": ({"a": 1, ...: ..., 2: 3}, {"a": 1, UNKNOWN: UNKNOWN, "2": 3}),
}


@pytest.mark.parametrize(("raw", "value"), DECODED.values(), ids=DECODED.keys())
def test_raw_values_decode(raw: object, value: Value) -> None:
    assert decode(raw) == value


KNOWN = {
    "a text": ("a", True),
    "a name": (Ref("a"), True),
    "unknown": (UNKNOWN, False),
    "unknown inside": (({"a": (1, UNKNOWN)},), False),
    "a call": (Call("a", (1,), {"b": 2}, 1), True),
    "a call with more": (Call("a", (), {UNKNOWN: UNKNOWN}, 1), False),
}


@pytest.mark.parametrize(("value", "known"), KNOWN.values(), ids=KNOWN.keys())
def test_is_known(value: Value, known: bool) -> None:
    assert is_known(value) is known


def test_arguments_of_a_call() -> None:
    call = Call("a.B", ("x", UNKNOWN_ITEMS), {"k": 1}, 1)
    assert call.name == "B"
    assert call.argument("k") == 1
    assert call.argument("p", 0) == "x"
    assert call.argument("q", 1) is UNKNOWN
    assert call.argument("missing", default=3) == 3
    assert Call("a", (), {UNKNOWN: UNKNOWN}, 1).argument("k") is UNKNOWN


def test_names() -> None:
    assert Ref("django.conf.settings.X").setting == "X"
    assert Ref("x.settings.X").setting is None
    assert Ref("uuid.uuid4").name == "uuid4"


@pytest.mark.parametrize(
    ("raw", "truth"),
    [
        ([], False), ([MORE], None), ([("?", 1)], None), ([1], True), ({}, False),
        ({...: ...}, True), ("", False), (..., None), (("r", "a"), None), (("t", [], 1), False),
    ],
)  # fmt: skip
def test_truth(raw: object, truth: bool | None) -> None:
    assert truth_of(raw) is (None if raw == {...: ...} else truth)


def test_locals_get_their_modules_name() -> None:
    raw = [("c", ".f", [("r", ".g")], {"a": ("r", "b.c")}, 1)]
    assert without_locals(raw, "m") == [("c", "m.f", [("r", "m.g")], {"a": ("r", "b.c")}, 1)]


def test_what_holds_itself_does_not_fit() -> None:
    items: list[object] = []
    items.append(items)
    assert not fits(items)
    assert fits([1, [2, {"a": ("t", [3], 1)}]])
    assert not is_constant(1j)
