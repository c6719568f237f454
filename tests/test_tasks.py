"""The Invoke tasks offer exactly what the verbs say, and pass words and exit codes through."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from invoke import Context, Program

from workflow import tasks
from workflow.verbs import VERBS, Verb

FLAG = re.compile(r"^\s+(?:(-\w)(?:, | \w+, ))?--([a-z-]+)", re.MULTILINE)
INV = Path(sys.executable).with_name("inv")
verbs = pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's project: its tasks.py is two lines."""
    (tmp_path / "tasks.py").write_text(
        "from workflow.tasks import namespace\nns = namespace\n", encoding="utf-8"
    )
    (tmp_path / ".git").mkdir()
    return tmp_path


def inv(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        [str(INV), *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def shown_by_help(verb: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The help of a task. Invoke wraps it to the terminal, which a test does not have."""
    program = Program(namespace=tasks.namespace)
    program.run(["inv", "--help", verb], exit=False)
    return capsys.readouterr().out


def test_each_verb_is_a_task() -> None:
    assert set(tasks.namespace.task_names) == {verb.name for verb in VERBS}


@verbs
def test_help_shows_the_options_and_no_short_flags(
    verb: Verb, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = shown_by_help(verb.name, capsys)
    found = FLAG.findall(shown)
    assert sorted(name for _, name in found) == sorted(option.name for option in verb.everything)
    assert not [short for short, _ in found if short]
    assert verb.help in shown


@verbs
def test_help_explains_every_option(verb: Verb) -> None:
    arguments = tasks.make_task(verb).get_arguments()
    helps = {name: argument.help for argument in arguments for name in argument.names}
    for option in verb.everything:
        assert helps[option.name] == option.help


@verbs
def test_the_console_script_offers_the_same(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.test_cli import subparsers

    flags = {
        flag.removeprefix("--")
        for action in subparsers()[verb.name]._actions
        for flag in action.option_strings
        if flag.startswith("--")
    } - {"help"}
    words = {verb.operand.name} if verb.operand else set()
    offered = {name for _, name in FLAG.findall(shown_by_help(verb.name, capsys))}
    assert offered == flags | words


def test_no_task_makes_up_short_flags() -> None:
    assert {task.auto_shortflags for task in tasks.namespace.tasks.values()} == {False}


class TestCalls:
    @pytest.fixture
    def heard(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], str]]:
        heard: list[tuple[str, dict[str, Any], str]] = []

        def execute(verb: str, values: dict[str, Any], *, door: str) -> int:
            heard.append((verb, values, door))
            return 0

        monkeypatch.setattr(tasks, "execute", execute)
        return heard

    @verbs
    def test_values_arrive_under_their_names(self, verb: Verb, heard: list[Any]) -> None:
        words = ["inv", verb.name]
        expected: dict[str, Any] = {}
        for option in verb.everything:
            words.append(f"--{option.name}")
            if option.value is None:
                expected[option.parameter] = True
                continue
            words.append(option.choices[-1] if option.choices else "a=b c")
            expected[option.parameter] = [words[-1]] if option.many else words[-1]
        Program(namespace=tasks.namespace).run(words, exit=False)
        assert heard == [(verb.name, expected, "inv")]

    def test_what_may_be_repeated(self, heard: list[Any]) -> None:
        words = ["inv", "makemigrations", "--app", "shop", "--app", "stock"]
        Program(namespace=tasks.namespace).run(words, exit=False)
        assert heard[0][1]["app"] == ["shop", "stock"]

    def test_a_refusal_is_the_exit_code(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tasks, "execute", lambda *_, **__: 1)
        with pytest.raises(SystemExit) as caught:
            tasks.namespace.tasks["pre-check"].body(Context())
        assert caught.value.code == 1

    def test_a_pass_ends_nothing(self, heard: list[Any]) -> None:
        tasks.namespace.tasks["check-migrations"].body(Context())
        assert len(heard) == 1


class TestTwoLines:
    """In a user's own tasks.py."""

    def test_the_list(self, folder: Path) -> None:
        done = inv(folder, "--list")
        assert done.returncode == 0
        for verb in VERBS:
            assert re.search(rf"^  {verb.name} +\S", done.stdout, re.MULTILINE)

    def test_invoke_completes_verbs_and_flags(self, folder: Path) -> None:
        verbs = inv(folder, "--complete", "--", "inv ").stdout.split()
        assert {verb.name for verb in VERBS} <= set(verbs)
        flags = inv(folder, "--complete", "--", "inv makemigrations --").stdout.split()
        assert {"--app", "--format", "--dry-run"} <= set(flags)

    def test_a_production_flag_is_no_p(self, folder: Path) -> None:
        done = inv(folder, "migrate-safe", "-p", "x")
        assert done.returncode != 0
        assert "No idea what" in done.stderr

    def test_the_exit_code_of_wrong_usage(self, folder: Path) -> None:
        done = inv(folder, "pre-check")
        assert done.returncode == 2
        assert done.stderr.startswith(f"there is no manage.py in {folder} or above it.")

    def test_the_next_command_is_one_of_inv(self, folder: Path) -> None:
        done = inv(folder, "validate-migration-dependencies")
        assert done.returncode == 0, done.stderr
        assert "migration-workflow" not in done.stdout
