"""Every verb has one list of options, and every door is made from it."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workflow.door import execute
from workflow.verbs import COMMON, VERBS, Verb

ROOT = Path(__file__).parents[1]
SCRIPTS = {
    "enforce-dev-environment.sh": "enforce-dev-environment",
    "pre-migration-check.sh": "pre-check",
    "validate-migration-dependencies.sh": "validate-migration-dependencies",
}
verbs = pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)


def test_names_are_told_apart() -> None:
    names = [verb.name for verb in VERBS]
    assert len(set(names)) == len(names)


@verbs
def test_options_are_told_apart_and_explained(verb: Verb) -> None:
    names = [option.name for option in verb.everything]
    assert len(set(names)) == len(names)
    for option in verb.everything:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", option.name)
        assert option.help.endswith(".")
        assert option.help[0].isupper()


def test_every_verb_is_explained_in_one_sentence() -> None:
    for verb in VERBS:
        assert re.fullmatch(r"[A-Z][^\n]+\.", verb.help)


def test_a_switch_has_no_value_and_a_choice_has_one() -> None:
    for verb in VERBS:
        for option in verb.everything:
            if option.choices or option.many:
                assert option.value is not None


def test_every_option_is_used() -> None:
    """What may be said is looked at somewhere: an option that does nothing is a lie."""
    source = inspect.getsource(sys.modules[execute.__module__])
    for verb in VERBS:
        for option in verb.everything:
            assert f'"{option.parameter}"' in source, option.name


def test_help_of_a_switch_that_changes_nothing_says_so() -> None:
    (dry_run,) = [option for option in COMMON if option.name == "dry-run"]
    assert dry_run.help == "Print what would be changed, and change nothing."


class TestMake:
    """Each verb is a target of the same name."""

    @pytest.fixture
    def dry(self, tmp_path: Path) -> Path:
        if shutil.which("make") is None:
            pytest.skip("there is no make on this machine")
        shutil.copy(ROOT / "Makefile", tmp_path)
        (tmp_path / "pyproject.toml").touch()
        return tmp_path

    def say(self, folder: Path, *words: str) -> str:
        done = subprocess.run(
            ["make", "--dry-run", *words],
            cwd=folder,
            # Make started by make, as in `make test`, says where it goes.
            env={name: value for name, value in os.environ.items() if "MAKE" not in name},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @verbs
    def test_a_target_calls_the_same_verb(self, dry: Path, verb: Verb) -> None:
        said = self.say(dry, verb.name, "ARGS=--verbose")
        assert f"/migration-workflow {verb.name} --verbose\n" in said

    def test_no_file_of_that_name_gets_in_the_way(self, dry: Path) -> None:
        (dry / "makemigrations").touch()
        assert "migration-workflow makemigrations" in self.say(dry, "makemigrations")

    def test_bare_make_prints_help(self, dry: Path) -> None:
        assert self.say(dry).startswith("python3 -m workflow --help\n")


class TestScripts:
    """Three shell scripts that only call a verb and pass everything through."""

    @pytest.mark.parametrize("script", SCRIPTS)
    def test_a_script_names_its_verb(self, script: str) -> None:
        path = ROOT / "scripts" / script
        assert path.stat().st_mode & 0o111
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
        assert lines[0] == "#!/bin/sh"
        assert lines[-1].endswith(f' {SCRIPTS[script]} "$@"')
        assert SCRIPTS[script] in {verb.name for verb in VERBS}

    @pytest.mark.parametrize("script", SCRIPTS)
    def test_words_output_and_exit_code_pass_through(self, script: str, tmp_path: Path) -> None:
        shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
        program = tmp_path / ".venv/bin/migration-workflow"
        program.parent.mkdir(parents=True)
        program.write_text('#!/bin/sh\nprintf "<%s>" "$@"\necho talk >&2\nexit 7\n')
        program.chmod(0o755)
        done = subprocess.run(
            [str(tmp_path / "scripts" / script), "--output", "a b"],
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"<{SCRIPTS[script]}><--project><{tmp_path}><--output><a b>"
        assert (done.returncode, done.stdout, done.stderr) == (7, said, "talk\n")
