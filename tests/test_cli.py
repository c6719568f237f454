"""The console script offers exactly what the verbs say."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workflow import __version__, cli
from workflow.parser import make_parser
from workflow.verbs import VERBS, Verb

PROGRAM = Path(sys.executable).with_name("migration-workflow")
verbs = pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)


def subparsers() -> dict[str, argparse.ArgumentParser]:
    (action,) = [
        action
        for action in make_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    found: dict[str, argparse.ArgumentParser] = dict(action.choices)
    return found


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], str]]:
    """What the door was told, instead of doing it."""
    heard: list[tuple[str, dict[str, Any], str]] = []

    def execute(verb: str, values: dict[str, Any], *, door: str, hook: object) -> int:
        heard.append((verb, values, door))
        return 3

    monkeypatch.setattr(cli, "execute", execute)
    monkeypatch.delenv("MIGRATION_WORKFLOW_DOOR", raising=False)
    return heard


def test_each_verb_is_a_subcommand() -> None:
    assert list(subparsers()) == [verb.name for verb in VERBS]


@verbs
def test_the_options_of_a_subcommand(verb: Verb) -> None:
    offered = {
        flag for action in subparsers()[verb.name]._actions for flag in action.option_strings
    }
    expected = {f"--{option.name}" for option in verb.flags}
    assert offered == expected | {"--help", "-h"}


@verbs
def test_words_without_a_flag_only_where_they_mean_something(verb: Verb) -> None:
    positional = [
        action.dest for action in subparsers()[verb.name]._actions if not action.option_strings
    ]
    assert positional == ([verb.operand.name] if verb.operand else [])


@verbs
def test_values_arrive_under_their_names(verb: Verb, heard: list[Any]) -> None:
    words = [verb.name]
    expected: dict[str, Any] = {}
    if verb.operand is not None:
        several = ["shop", "stock"] if verb.operand.many else ["shop"]
        words += several
        expected[verb.operand.name] = several if verb.operand.many else "shop"
    for option in verb.flags:
        words.append(f"--{option.name}")
        if option.value is None:
            expected[option.parameter] = True
            continue
        value = option.choices[-1] if option.choices else "a=b c"
        words.append(value)
        expected[option.parameter] = [value] if option.many else value
    assert cli.main(words) == 3
    assert heard == [(verb.name, expected, "migration-workflow")]


@verbs
def test_nothing_said_is_nothing(verb: Verb, heard: list[Any]) -> None:
    cli.main([verb.name])
    ((_, values, _),) = heard
    assert not any(values.values())


def test_what_may_be_repeated(heard: list[Any]) -> None:
    cli.main(["makemigrations", "--answer", "a=1", "--answer", "b=2"])
    assert heard[0][1]["answer"] == ["a=1", "b=2"]


def test_another_door_may_call_it(heard: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATION_WORKFLOW_DOOR", "make")
    cli.main(["pre-check"])
    assert heard[0][2] == "make"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: VERB"),
        (["migrate"], "invalid choice: 'migrate'"),
        (["pre-check", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["pre-check", "shop"], "unrecognized arguments: shop"),
        (["pre-check", "--verb"], "unrecognized arguments: --verb"),
        (["migrate-safe", "-p", "x"], "unrecognized arguments: -p x"),
        (["pre-check", "--format", "xml"], "invalid choice: 'xml'"),
        (["pre-check", "--database"], "expected one argument"),
    ],
)
def test_wrong_words(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    output = capsys.readouterr()
    assert said in output.err
    assert output.out == ""


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"migration-workflow {__version__}\n"


def test_help_names_every_verb_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for verb in VERBS:
        assert f"{verb.name} {verb.help}" in shown
    for code in ("0 passed", "1 a gate refused", "2 wrong usage", "3 a gate", "130 interrupted"):
        assert code in shown


@pytest.mark.parametrize("argv", [[str(PROGRAM)], [sys.executable, "-m", "workflow"]])
def test_both_ways_to_start_it(argv: list[str], tmp_path: Path) -> None:
    done = subprocess.run([*argv, "--version"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout.split()[-1]) == (0, __version__.encode())
