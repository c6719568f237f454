"""Which findings a comment speaks of, by where it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rules.trees import write_tree
from workflow.history.model import History, MigrationKey
from workflow.history.reading import read_history
from workflow.outcome import Finding, Severity
from workflow.waivers.comments import remarks_in
from workflow.waivers.places import Places

KEY = MigrationKey("shop", "0002_more")
MARK = "# migration-workflow: allow FLD121 -- here"
TEXT = '''\
"""About it."""

from django.db import migrations, models


@decorated
def forwards(apps, schema_editor):
    model = apps.get_model("shop", "Gone")
    other = 1


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0001_initial"),
        ("stock", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            "product",
            "sku",
            models.CharField(max_length=20),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("SELECT 1"),
                migrations.RunSQL("SELECT 2"),
            ],
        ),
        migrations.RunPython(forwards),
    ]
'''
LINES = TEXT.splitlines()
ADD, SEPARATE, FIRST, SECOND, RUN = 19, 24, 26, 27, 30
DEPENDENCIES, SHOP, STOCK, CLASS = 13, 14, 15, 12
DECORATOR, LOOKUP = 6, 8
WHOLE = 0
"""Stands for a finding about no operation, at no line."""

OPERATION = {ADD: 0, SEPARATE: 1, FIRST: 1, SECOND: 1, RUN: 2}
PLACES = (ADD, SEPARATE, FIRST, SECOND, RUN, SHOP, STOCK, LOOKUP, WHOLE)

About = Callable[[str], list[int]]


def above(line: int) -> str:
    margin = " " * (len(LINES[line - 1]) - len(LINES[line - 1].lstrip()))
    return "\n".join([*LINES[: line - 1], f"{margin}{MARK}", *LINES[line - 1 :], ""])


def beside(line: int) -> str:
    return "\n".join([*LINES[: line - 1], f"{LINES[line - 1]}  {MARK}", *LINES[line:], ""])


def history_of(folder: Path, text: str) -> History:
    write_tree(folder, {"shop/migrations/0002_more.py": text})
    return read_history(folder)


@pytest.fixture
def about(tmp_path: Path) -> About:
    """Return the lines of the original text whose findings the one comment speaks of."""

    def find(text: str) -> list[int]:
        history = history_of(tmp_path, text)
        data = history.marked[KEY]
        (remark,) = remarks_in(data)
        places = Places(history.migrations[KEY], data)
        moved = 1 if remark.alone else 0
        found = []
        for place in PLACES:
            line = place + moved if moved and place >= remark.line else place
            finding = Finding(
                "FLD121",
                Severity.ERROR,
                "It is wrong.",
                operation=OPERATION.get(place),
                line=line or None,
            )
            if places.is_about(remark, finding):
                found.append(place)
        return found

    return find


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(above(ADD), [ADD], id="above an operation"),
        pytest.param(beside(ADD), [ADD], id="beside its first line"),
        pytest.param(beside(ADD + 3), [ADD], id="beside a line within it"),
        pytest.param(above(ADD + 3), [ADD], id="above a line within it"),
        pytest.param(beside(ADD + 4), [ADD], id="beside its last line"),
        pytest.param(above(SEPARATE), [SEPARATE, FIRST, SECOND], id="above the outer one"),
        pytest.param(beside(SEPARATE), [SEPARATE, FIRST, SECOND], id="beside the outer one"),
        pytest.param(above(FIRST), [FIRST], id="above a nested one"),
        pytest.param(beside(SECOND), [SECOND], id="beside a nested one"),
        pytest.param(above(SHOP), [SHOP], id="above a dependency"),
        pytest.param(beside(STOCK), [STOCK], id="beside a dependency"),
        pytest.param(above(DEPENDENCIES), [SHOP, STOCK, LOOKUP, WHOLE], id="above the list"),
        pytest.param(beside(DEPENDENCIES), [SHOP, STOCK, LOOKUP, WHOLE], id="beside the list"),
        pytest.param(above(CLASS), [SHOP, STOCK, LOOKUP, WHOLE], id="above the class"),
        pytest.param(beside(CLASS), [SHOP, STOCK, LOOKUP, WHOLE], id="beside the class"),
        pytest.param(above(1), [SHOP, STOCK, LOOKUP, WHOLE], id="above the docstring"),
        pytest.param(above(3), [SHOP, STOCK, LOOKUP, WHOLE], id="above the imports"),
        pytest.param(beside(3), [], id="beside an import"),
        pytest.param(above(DECORATOR), [LOOKUP], id="above a decorated function"),
        pytest.param(above(LOOKUP), [LOOKUP], id="above a statement"),
        pytest.param(above(LOOKUP + 1), [], id="above another statement"),
    ],
)
def test_where_it_stands(about: About, text: str, lines: list[int]) -> None:
    assert about(text) == lines


def test_a_blank_line_below_parts_it_from_the_operation(tmp_path: Path) -> None:
    history = history_of(tmp_path, above(ADD).replace("here\n", "here\n\n"))
    data = history.marked[KEY]
    (remark,) = remarks_in(data)
    finding = Finding("FLD121", Severity.ERROR, "It is wrong.", operation=0, line=ADD + 2)
    assert not Places(history.migrations[KEY], data).is_about(remark, finding)


def test_a_finding_without_a_line_is_where_its_operation_is(tmp_path: Path) -> None:
    history = history_of(tmp_path, above(RUN))
    data = history.marked[KEY]
    (remark,) = remarks_in(data)
    places = Places(history.migrations[KEY], data)
    finding = Finding("LCK101", Severity.ERROR, "It is wrong.", operation=2)
    assert places.is_about(remark, finding)
    assert not places.is_about(remark, finding._replace(operation=0))
    assert not places.is_about(remark, finding._replace(operation=99))


def test_one_line_is_the_operation_and_the_list(tmp_path: Path) -> None:
    text = (
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        f'    operations = [migrations.RunSQL("SELECT 1")]  {MARK}\n'
    )
    history = history_of(tmp_path, text)
    data = history.marked[KEY]
    (remark,) = remarks_in(data)
    places = Places(history.migrations[KEY], data)
    finding = Finding("SQL101", Severity.ERROR, "It is wrong.", operation=0, line=5)
    assert places.is_about(remark, finding)


def test_a_file_that_does_not_parse_has_only_lines(tmp_path: Path) -> None:
    history = history_of(tmp_path, above(ADD) + "def broken(:\n")
    data = history.marked[KEY]
    remark = remarks_in(data)[0]
    places = Places(history.migrations[KEY], data)
    finding = Finding("FLD121", Severity.ERROR, "It is wrong.", operation=0, line=ADD + 1)
    assert places.is_about(remark, finding)
    assert not places.is_about(remark, finding._replace(line=RUN))
