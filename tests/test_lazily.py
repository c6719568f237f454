"""A module that is imported lazily is executed when something of it is used, and not before."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from workflow.lazily import lazily

MODULE = """\
import sys

sys.executed.append(__name__)
VALUE = 7
"""


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A package ``house`` with two rooms, and the names of what was executed of it."""
    (tmp_path / "house").mkdir()
    (tmp_path / "house/__init__.py").touch()
    for room in ("kitchen", "cellar"):
        (tmp_path / f"house/{room}.py").write_text(MODULE, encoding="utf-8")
    names: list[str] = []
    monkeypatch.setattr(sys, "executed", names, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("house", "house.kitchen", "house.cellar"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return names


def test_nothing_is_executed_until_something_is_used(executed: list[str]) -> None:
    with lazily("house"):
        kitchen = importlib.import_module("house.kitchen")
        importlib.import_module("house.cellar")
    assert executed == []

    assert kitchen.VALUE == 7
    assert executed == ["house.kitchen"]


def test_other_packages_are_imported_as_ever(executed: list[str]) -> None:
    with lazily("household"):
        importlib.import_module("house.kitchen")
    assert executed == ["house.kitchen"]


def test_afterwards_everything_is_imported_as_ever(executed: list[str]) -> None:
    with lazily("house"):
        pass
    importlib.import_module("house.kitchen")
    assert executed == ["house.kitchen"]


def test_a_module_that_is_not_there_is_missed_at_once(executed: list[str]) -> None:
    with lazily("house"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("house.attic")
