"""Programs are started from one place, with a time limit, and what they say is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.two_apps import git
from workflow.errors import CouldNotCheck
from workflow.project import process

PYTHON = sys.executable


def test_both_streams_and_the_code_are_kept(tmp_path: Path) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert process.run([PYTHON, "-c", code], cwd=tmp_path) == (3, "out\n", "err\n")


def test_it_runs_in_the_folder_it_is_told(tmp_path: Path) -> None:
    done = process.run([PYTHON, "-c", "import os; print(os.getcwd())"], cwd=tmp_path)
    assert done.stdout.strip() == os.path.realpath(tmp_path)


def test_there_is_no_shell(tmp_path: Path) -> None:
    words = ["$HOME", "a b", "`id`", "*", "; exit 1"]
    done = process.run([PYTHON, "-c", "import sys; print(sys.argv[1:])", *words], cwd=tmp_path)
    assert done.stdout.strip() == repr(words)


def test_standard_input_is_empty(tmp_path: Path) -> None:
    done = process.run([PYTHON, "-c", "import sys; print(repr(sys.stdin.read()))"], cwd=tmp_path)
    assert done.stdout == "''\n"


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    code = r"import os; os.write(1, b'a\xff'); os.write(2, b'b\xff')"
    done = process.run([PYTHON, "-c", code], cwd=tmp_path)
    assert os.fsencode(done.stdout) == b"a\xff"
    assert done.stderr == "b�"


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CouldNotCheck, match=r"^no-such-program is not there: no-such-program$"):
        process.run(["no-such-program"], cwd=tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CouldNotCheck, match=f"is not there: {tmp_path / 'gone'}$"):
        process.run([PYTHON, "-c", ""], cwd=tmp_path / "gone")


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()
    with pytest.raises(CouldNotCheck, match=f"^{file} can't be run: Permission denied$"):
        process.run([str(file)], cwd=tmp_path)


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    argv = [PYTHON, "-c", "import signal; print(flush=True); signal.pause()"]
    with pytest.raises(CouldNotCheck, match=r"^no answer within 0\.2 seconds: .* -c import") as one:
        process.run(argv, cwd=tmp_path, seconds=0.2)
    assert one.value.exit_code == 3


class TestGitVariables:
    """A hook gets GIT_DIR from git: it must not send our git to another repository."""

    @pytest.fixture
    def other(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        other = tmp_path / "other"
        other.mkdir()
        git(other, "init", "--quiet")
        monkeypatch.setenv("GIT_DIR", str(other / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
        return other

    @pytest.mark.usefixtures("other")
    def test_git_does_not_see_them(self, tmp_path: Path) -> None:
        done = process.run(["git", "rev-parse", "--absolute-git-dir"], cwd=tmp_path)
        assert done.code != 0
        assert "not a git repository" in done.stderr

    def test_other_programs_do(self, other: Path, tmp_path: Path) -> None:
        code = "import os; print(os.environ['GIT_DIR'])"
        done = process.run([PYTHON, "-c", code], cwd=tmp_path)
        assert done.stdout.strip() == str(other / ".git")

    @pytest.mark.usefixtures("other")
    def test_only_names_that_begin_so_are_left_out(self) -> None:
        without = process.environment(without="GIT_")
        assert not [name for name in without if name.startswith("GIT_")]
        assert without.keys() == {name for name in os.environ if not name.startswith("GIT_")}
        assert process.environment() == dict(os.environ)


class TestStarted:
    """A started program has a session of its own, and none of it outlives its end."""

    def test_it_hears_on_stdin_and_gets_variables_on_top(self, tmp_path: Path) -> None:
        code = "import os, sys; print(os.environ['ONE'], os.getsid(0) == os.getpid(), input())"
        with process.start([PYTHON, "-c", code], cwd=tmp_path, variables={"ONE": "1"}) as started:
            assert started.stdin is not None
            started.stdin.write(b"hello\n")
            started.stdin.flush()
            assert line_of(started) == b"1 True hello\n"
            started.end(seconds=10)
        assert started.returncode == 0

    def test_closing_its_input_is_the_first_thing(self, tmp_path: Path) -> None:
        code = "import sys; sys.stdin.read(); sys.exit(7)"
        with process.start([PYTHON, "-c", code], cwd=tmp_path, variables={}) as started:
            started.end(seconds=10)
        assert started.returncode == 7

    def test_what_does_not_end_is_killed(self, tmp_path: Path) -> None:
        code = "import signal; print('up', flush=True); signal.pause()"
        with process.start([PYTHON, "-c", code], cwd=tmp_path, variables={}) as started:
            assert line_of(started) == b"up\n"
            started.end(seconds=0.05)
        assert started.returncode == -signal.SIGKILL

    def test_what_it_started_is_killed_with_it(self, tmp_path: Path) -> None:
        code = (
            "import subprocess, sys\n"
            "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
            "print('up', flush=True)\n"
            "sys.stdin.read()"
        )
        with process.start([PYTHON, "-c", code], cwd=tmp_path, variables={}) as started:
            assert line_of(started) == b"up\n"
            started.end(seconds=10)
            assert started.stdout is not None
            # At its end only once the child, which holds it too, is gone.
            assert started.stdout.read() == b""

    def test_ending_it_twice_does_no_harm(self, tmp_path: Path) -> None:
        with process.start([PYTHON, "-c", ""], cwd=tmp_path, variables={}) as started:
            started.end(seconds=10)
            started.end(seconds=10)
        assert started.returncode == 0


def line_of(started: subprocess.Popen[bytes]) -> bytes:
    assert started.stdout is not None
    return started.stdout.readline()


def test_time_left_is_never_negative() -> None:
    assert process.wait_until(0.0) == 0.0
    assert process.wait_until(float("inf")) == float("inf")
