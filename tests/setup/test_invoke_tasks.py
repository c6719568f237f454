"""``tasks.py``: whatever its namespace is, the verbs get into it and its own tasks stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke import Collection, Config
from invoke.loader import FilesystemLoader

from workflow.setup.parts.invoke_tasks import NEW, with_verbs
from workflow.setup.writing import ByHand, NotReadable
from workflow.verbs import VERBS

NAMES = {verb.name for verb in VERBS}

IMPLICIT = """\
from invoke import task


@task(default=True)
def build(c):
    "Theirs."


@task
def dev(c):
    "Theirs, too."
"""
EXPLICIT = """\
import os
from invoke import Collection, task


@task
def build(c):
    "Theirs."


ns = Collection(build)
ns.configure({"theirs": True})
"""
NAMED = EXPLICIT.replace("ns", "namespace")
NESTED = EXPLICIT + 'ns.add_collection(Collection("dev", build))\n'


def loaded(text: str, folder: Path) -> Collection:
    """The namespace that Invoke itself makes of a file."""
    (folder / "tasks.py").write_text(text, encoding="utf-8", newline="")
    module, parent = FilesystemLoader(start=str(folder), config=Config()).load("tasks")
    return Collection.from_module(module, loaded_from=parent)


@pytest.mark.parametrize("text", [None, "", IMPLICIT, EXPLICIT, NAMED, NESTED])
def test_invoke_finds_every_verb_and_what_was_there(text: str | None, tmp_path: Path) -> None:
    before = set(loaded(text, tmp_path).task_names) if text else set()
    after = loaded(with_verbs(text), tmp_path)
    names = set(after.task_names) | set(after.collections)
    assert before | NAMES <= names


def test_a_task_of_their_own_is_not_replaced(tmp_path: Path) -> None:
    namespace = loaded(with_verbs(IMPLICIT), tmp_path)
    assert namespace["dev"].__doc__ == "Theirs, too."
    assert namespace.default == "build"


def test_their_configuration_stays(tmp_path: Path) -> None:
    assert loaded(with_verbs(EXPLICIT), tmp_path).configuration()["theirs"] is True


@pytest.mark.parametrize("text", [IMPLICIT, EXPLICIT, NAMED])
def test_two_lines_are_added_and_none_is_changed(text: str) -> None:
    after = with_verbs(text).splitlines()
    added = [line for line in after if line and line not in text.splitlines()]
    assert len(added) == 2
    assert [line for line in text.splitlines() if line not in after] == []


def test_the_import_stands_among_theirs() -> None:
    lines = with_verbs(EXPLICIT).splitlines()
    assert lines[2] == "from workflow.tasks import add_verbs"


@pytest.mark.parametrize("text", [NEW, IMPLICIT, EXPLICIT])
def test_a_second_time_changes_nothing(text: str) -> None:
    after = with_verbs(text)
    assert with_verbs(after) == after


@pytest.mark.parametrize("text", [IMPLICIT, EXPLICIT.rstrip()])
def test_windows_line_endings_stay(text: str, tmp_path: Path) -> None:
    after = with_verbs(text.replace("\n", "\r\n"))
    assert after.count("\n") == after.count("\r\n")
    assert set(loaded(after, tmp_path).task_names) >= NAMES


def test_tasks_of_celery_are_left_alone() -> None:
    with pytest.raises(ByHand, match="does not import Invoke"):
        with_verbs("from celery import shared_task\n")


def test_an_invoke_of_old_is_left_alone() -> None:
    with pytest.raises(ByHand, match="older"):
        with_verbs("from invoke import ctask as task\n")


def test_what_is_in_the_way_is_told_with_the_lines() -> None:
    with pytest.raises(ByHand, match="in the way") as told:
        with_verbs(EXPLICIT, "something is in the way")
    assert told.value.lines == "from workflow.tasks import add_verbs\nadd_verbs(ns)\n"


@pytest.mark.parametrize("text", ["def (:\n", "a = '\0'\n"])
def test_what_is_no_python_is_said(text: str) -> None:
    with pytest.raises(NotReadable, match="Python"):
        with_verbs(text)
