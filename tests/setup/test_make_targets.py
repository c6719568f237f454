"""Their targets are seen, whatever hides them, and make does with our file what it should."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from workflow.setup.parts.make_targets import OWN_FILE, rules, targets_of, with_include


def targets(folder: Path, text: str) -> set[str]:
    (folder / "Makefile").write_text(text, encoding="utf-8")
    return targets_of(folder / "Makefile")


@pytest.mark.parametrize(
    "text",
    [
        "dev:\n\techo\n",
        "dev: setup.cfg\n",
        "other dev::\n",
        "NAMES := dev \\\n  other\n$(NAMES):\n\techo\n",
        "${NAMES}:\nNAMES = dev\n",
        "include more.mk\n",
        "-include none.mk more.mk\n",
    ],
)
def test_a_target_is_seen(tmp_path: Path, text: str) -> None:
    (tmp_path / "more.mk").write_text("dev:\n", encoding="utf-8")
    assert "dev" in targets(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    ["# dev:\n", "\tdev:\n", "dev := 1\n", "dev ?= 1\n", "all: dev\n", f"include {OWN_FILE}\n"],
)
def test_what_is_none_is_not_taken_for_one(tmp_path: Path, text: str) -> None:
    (tmp_path / OWN_FILE).write_text("dev:\n", encoding="utf-8")
    assert "dev" not in targets(tmp_path, text)


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    assert targets(tmp_path, "include Makefile\nrun:\n") == {"run"}


@pytest.mark.parametrize("text", ["run:\n\techo run", "run:\r\n\techo run\r\n"])
def test_the_line_is_the_last_and_stands_alone(text: str) -> None:
    after = with_include(text)
    assert after.splitlines()[-1] == f"include {OWN_FILE}"
    assert after.startswith(text)
    assert with_include(after) == after


def test_make_runs_the_command_with_the_words(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(with_include("run:\n\t@echo theirs\n"), encoding="utf-8")
    (tmp_path / OWN_FILE).write_text(rules("echo", without={"dev"}), encoding="utf-8")

    def make(*words: str) -> tuple[int, str]:
        argv = ["make", "--no-print-directory", *words]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert make("makemigrations", "ARGS=shop --name x") == (0, "makemigrations shop --name x\n")
    assert make() == (0, "theirs\n")
    assert make("dev")[0] == 2
