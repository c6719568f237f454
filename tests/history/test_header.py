"""References that are cut out of files which cannot be read as a whole."""

from __future__ import annotations

import pytest

from workflow.history.header import sliced_header
from workflow.history.rows import header_of
from workflow.history.values import UNKNOWN

TOP = "from django.db import migrations\n\nclass Migration(migrations.Migration):\n"
ONE = "    dependencies = [\n        ('shop', '0001_initial'),  # why\n    ]\n"
END = "    operations = [\n    type X = 1\n"


def header(text: str, *, sound: bool = True) -> object:
    return header_of(sliced_header(text.encode(), "shop.migrations.x", sound=sound))


def dependencies(text: str, *, sound: bool = True) -> tuple[list[object], bool]:
    found = header_of(sliced_header(text.encode(), "shop.migrations.x", sound=sound)).dependencies
    return [item.key for item in found.items], found.complete


KEY = ("shop", "0001_initial")
FOUND = {
    "several lines": TOP + ONE + END,
    "one line": TOP + "    dependencies = [('shop', '0001_initial')]\n" + END,
    "a tuple": TOP + "    dependencies = (('shop', '0001_initial'),)\n" + END,
    "annotated": TOP + "    dependencies: list = [('shop', '0001_initial')]\n" + END,
    "CRLF": (TOP + ONE + END).replace("\n", "\r\n"),
    "a bracket in a name": TOP + "    dependencies = [('shop', '0001_initial')] # ]\n" + END,
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND.keys())
def test_dependencies_are_found(text: str) -> None:
    assert dependencies(text) == ([KEY], True)


UNSURE = {
    "appended to": TOP + ONE + "    dependencies.append(x)\n" + END,
    "set twice": TOP + ONE + ONE + END,
    "computed": TOP + "    dependencies = f()\n" + END,
    "a name of the file": "D = []\n" + TOP + "    dependencies = D\n" + END,
    "conflicting": TOP + ONE.replace("    ]", "<<<<<<< HEAD\n    ]") + END,
    "set after the class": TOP + ONE + END + "Migration.dependencies += x\n",
    "no class": ONE,
}


@pytest.mark.parametrize("text", UNSURE.values(), ids=UNSURE.keys())
def test_dependencies_may_be_more(text: str) -> None:
    assert dependencies(text)[1] is False


def test_what_a_sound_file_does_not_have_is_not_there() -> None:
    assert dependencies(TOP + END) == ([], True)
    assert dependencies(TOP + END, sound=False) == ([], False)


def test_lines_and_flags() -> None:
    found = header_of(sliced_header((TOP + ONE + END).encode(), "x", sound=True))
    assert (found.line, found.dependencies.line, found.dependencies.items[0].line) == (3, 4, 5)
    assert (found.initial, found.atomic, found.alters_state) == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_swappable_dependencies_are_found() -> None:
    text = TOP + "    dependencies = [migrations.swappable_dependency('auth.User')]\n" + END
    assert dependencies(text) == ([("auth", "__first__")], True)
