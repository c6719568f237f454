"""Shells complete verbs, options and what they take: asked in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.documents import PAGES, read
from tests.e2e.terminal import terminal
from workflow.parser import completion_script, make_parser
from workflow.verbs import FORMATS, SHELLS, VERBS

PROGRAM = str(Path(sys.executable).with_name("migration-workflow"))
VERB_NAMES = {verb.name for verb in VERBS}
Asked = Callable[[str], set[str]]


def run(argv: list[str], folder: Path) -> str:
    done = subprocess.run(
        argv,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


IN_BASH = """
source ./script
COMP_LINE="$1"
COMP_POINT=${#COMP_LINE}
read -ra COMP_WORDS <<< "$COMP_LINE"
[[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
words=$(complete -p migration-workflow)
function=${words##*-F }
"${function%% *}" migration-workflow "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""

IN_ZSH = """
fpath=($PWD $fpath)
autoload -U compinit
compinit -u -D
zstyle ':completion:*' list-prompt ''
LISTMAX=0
compadd() {
  local -a words
  if [[ -z "${@[(r)-[OAD]]}" ]]; then
    builtin compadd -O words "$@"
    print -rl -- $words >> offered
  fi
  builtin compadd "$@"
}
PROMPT='READY> '
"""
"""What an interactive zsh reads: it notes what it offers, and tells when it may be typed to."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file.json").touch()
    (tmp_path / "shop").mkdir()
    return tmp_path


def in_bash(folder: Path) -> Asked:
    (folder / "script").write_text(completion_script("bash"), encoding="utf-8")
    (folder / "ask").write_text(IN_BASH, encoding="utf-8")

    def ask(line: str) -> set[str]:
        return set(run(["bash", "--norc", "ask", line], folder).split())

    return ask


def in_fish(folder: Path) -> Asked:
    (folder / "script").write_text(completion_script("fish"), encoding="utf-8")

    def ask(line: str) -> set[str]:
        command = 'source ./script; complete --do-complete "$argv[1]"'
        shown = run(["fish", "--no-config", "-c", command, line], folder)
        return {candidate.partition("\t")[0] for candidate in shown.splitlines()}

    return ask


def in_zsh(folder: Path) -> Asked:
    (folder / "_migration-workflow").write_text(completion_script("zsh"), encoding="utf-8")
    (folder / ".zshrc").write_text(IN_ZSH, encoding="utf-8")

    def ask(line: str) -> set[str]:
        offered = folder / "offered"
        offered.write_text("", encoding="utf-8")
        type_into_zsh(line, folder)
        return set(offered.read_text(encoding="utf-8").split())

    return ask


def type_into_zsh(line: str, folder: Path) -> None:
    """Let an interactive zsh complete a line."""
    argv = ["zsh", "-i", "-o", "no_global_rcs"]
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with terminal(argv, cwd=folder, variables=variables) as shell:
        shell.expect("READY>")
        # Keys are obeyed in turn: the line is completed before it is taken away for another one.
        shell.type(f"{line}\t\x15exit\n")
        assert shell.end() == 0


@pytest.fixture(params=[in_bash, in_zsh, in_fish], ids=["bash", "zsh", "fish"])
def ask(request: pytest.FixtureRequest, folder: Path) -> Asked:
    """What a shell offers for a line that is not finished."""
    made: Asked = request.param(folder)
    shell = request.param.__name__.removeprefix("in_")
    if shutil.which(shell) is None:
        assert "shells" not in os.environ.get("MIGRATION_WORKFLOW_REQUIRE", "")
        pytest.skip(f"there is no {shell} on this machine")
    return made


def test_verbs(ask: Asked) -> None:
    assert ask("migration-workflow ") >= VERB_NAMES
    assert ask("migration-workflow mi") == {"migrate-safe"}


def test_options_are_those_of_the_verb(ask: Asked) -> None:
    offered = ask("migration-workflow makemigrations --")
    [verb] = [verb for verb in VERBS if verb.name == "makemigrations"]
    assert offered >= {f"--{option.name}" for option in verb.flags}
    assert "--production" not in offered
    assert "--production" in ask("migration-workflow migrate-safe --pro")


def test_choices(ask: Asked) -> None:
    assert ask("migration-workflow pre-check --format ") >= set(FORMATS)
    assert ask("migration-workflow pre-check --format j") == {"json", "junit"}
    assert ask("migration-workflow --print-completion ") >= set(SHELLS)


def test_codes(ask: Asked) -> None:
    expected = {path.stem for path in PAGES.glob("GRF10[0-9].md")}
    assert ask("migration-workflow explain GRF10") == expected


def test_files_and_folders(ask: Asked) -> None:
    assert "file.json" in ask("migration-workflow pre-check --output f")
    folders = {name.rstrip("/") for name in ask("migration-workflow pre-check --project s")}
    assert "shop" in folders
    assert "file.json" not in ask("migration-workflow pre-check --project ")


def test_the_parser_itself_takes_any_case_of_a_code() -> None:
    assert make_parser().parse_args(["explain", "grf101"]).code == "grf101"


def test_the_readme_tells_how() -> None:
    for shell in SHELLS:
        assert f"    migration-workflow --print-completion {shell} > ~/" in read("README.md")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed_and_nothing_else(shell: str, tmp_path: Path) -> None:
    assert run([PROGRAM, "--print-completion", shell], tmp_path) == completion_script(shell)


def test_other_shells_are_refused(tmp_path: Path) -> None:
    done = subprocess.run([PROGRAM, "--print-completion", "tcsh"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize("words", [("shop.0002_price",), ("shop", "0002_price")])
def test_a_migration_is_one_word_or_two(words: tuple[str, ...]) -> None:
    parsed = make_parser().parse_args(["rehearse", "--from", *words, "--format", "json"])
    assert vars(parsed)["from"] == "shop.0002_price"
