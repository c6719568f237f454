"""A run's throwaway folder: its own while it lives, swept when it is dead, kept for its note."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from workflow.errors import CouldNotCheck
from workflow.project.scratch import KEEP, Scratch, cut_off, make_state_folder, sweep_leftovers

HOLDER = """\
import sys
from pathlib import Path
from workflow.project.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
print(scratch.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".workflow"


@pytest.fixture
def scratch(state: Path) -> Iterator[Scratch]:
    scratch = Scratch(state)
    yield scratch
    if "folder" in scratch.__dict__ and scratch.folder.exists():
        scratch.discard_note()
        scratch.remove()


@contextmanager
def other_run(state: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A run in a process of its own, with its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield Path(process.stdout.readline().strip()), process
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)


def abandoned(state: Path, *, note: bool = False) -> Path:
    """A folder whose run was killed."""
    with other_run(state) as (folder, process):
        (folder / "copy.sqlite3").touch()
        if note:
            (folder / KEEP).touch()
        process.send_signal(signal.SIGKILL)
        process.wait()
    return folder


def test_nothing_is_written_before_it_is_needed(scratch: Scratch, state: Path) -> None:
    assert not scratch.has_note
    scratch.remove()
    assert not state.exists()


def test_the_folder_is_made_once_and_is_this_users_alone(scratch: Scratch, state: Path) -> None:
    folder = scratch.folder
    assert folder == scratch.folder
    assert folder.parent == state / "scratch"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_git_is_told_to_ignore_it(scratch: Scratch, state: Path) -> None:
    assert scratch.folder.exists()
    assert (state / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_gitignore_that_is_there_stays(state: Path) -> None:
    state.mkdir()
    (state / ".gitignore").write_text("scratch/\n", encoding="utf-8")
    make_state_folder(state)
    assert (state / ".gitignore").read_text(encoding="utf-8") == "scratch/\n"


def test_nothing_is_left_at_the_end(scratch: Scratch, state: Path) -> None:
    (scratch.folder / "copy.sqlite3").touch()
    scratch.remove()
    assert not state.exists()


def test_removing_it_twice_closes_no_file_of_somebody_else(scratch: Scratch) -> None:
    lock = scratch.folder and scratch._lock
    scratch.remove()
    reading, writing = os.pipe()
    assert lock in {reading, writing}
    scratch.remove()
    os.close(reading)
    os.close(writing)


def test_what_others_keep_in_the_state_folder_stays(scratch: Scratch, state: Path) -> None:
    assert scratch.folder.exists()
    (state / "receipts").mkdir()
    scratch.remove()
    assert sorted(path.name for path in state.iterdir()) == [".gitignore", "receipts"]


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    scratch = Scratch(tmp_path / "file")
    message = f"^no scratch files can be written below {tmp_path / 'file'}: File exists$"
    with pytest.raises(CouldNotCheck, match=message):
        _ = scratch.folder


def test_runs_that_begin_and_end_at_once_keep_out_of_each_others_way(state: Path) -> None:
    def run(_: int) -> None:
        for _ in range(200):
            scratch = Scratch(state)
            assert (scratch.folder / "lock").exists()
            scratch.remove()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(run, range(4))) == [None] * 4
    assert not (state / "scratch").exists()


class TestSweep:
    def test_the_folder_of_a_run_that_lives_stays(self, scratch: Scratch, state: Path) -> None:
        with other_run(state) as (other, _):
            assert scratch.folder != other
            sweep_leftovers(state)
            assert other.is_dir()

    def test_our_own_folder_stays(self, scratch: Scratch, state: Path) -> None:
        folder = scratch.folder
        sweep_leftovers(state)
        assert folder.is_dir()

    def test_the_folder_of_a_run_that_was_killed_goes(self, state: Path) -> None:
        folder = abandoned(state)
        assert (folder / "copy.sqlite3").exists()
        sweep_leftovers(state)
        assert not state.exists()

    def test_the_next_run_sweeps_too(self, scratch: Scratch, state: Path) -> None:
        folder = abandoned(state)
        assert scratch.folder.is_dir()
        assert not folder.exists()

    def test_a_run_killed_before_it_could_lock(self, state: Path) -> None:
        (state / "scratch/run-x").mkdir(parents=True)
        sweep_leftovers(state)
        assert not (state / "scratch").exists()

    def test_what_is_not_ours_stays(self, state: Path) -> None:
        (state / "scratch/mine").mkdir(parents=True)
        sweep_leftovers(state)
        assert (state / "scratch/mine").is_dir()

    def test_without_leftovers_nothing_is_made(self, state: Path) -> None:
        sweep_leftovers(state)
        assert not state.exists()

    def test_a_lock_that_the_agent_shares_outlives_the_host(self, state: Path) -> None:
        with other_run(state) as (folder, process):
            share = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR), "
            share += "fcntl.LOCK_SH); print('held', flush=True); sys.stdin.read()"
            with subprocess.Popen(
                [sys.executable, "-c", share, str(folder / "lock")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as agent:
                assert agent.stdout is not None
                assert agent.stdout.readline() == "held\n"
                process.send_signal(signal.SIGKILL)
                process.wait()
                sweep_leftovers(state)
                assert folder.is_dir()
            sweep_leftovers(state)
            assert not folder.exists()


class TestNote:
    """A note says that the folder holds the only way back for a database."""

    def test_a_folder_with_a_note_is_not_swept(self, scratch: Scratch, state: Path) -> None:
        folder = abandoned(state, note=True)
        assert scratch.folder.is_dir()
        sweep_leftovers(state)
        assert (folder / "copy.sqlite3").exists()

    def test_it_is_told_as_cut_off(self, state: Path) -> None:
        abandoned(state)
        folder = abandoned(state, note=True)
        assert cut_off(state) == [folder]

    def test_one_of_a_run_that_lives_is_not_cut_off(self, scratch: Scratch, state: Path) -> None:
        (scratch.folder / KEEP).touch()
        assert scratch.has_note
        assert cut_off(state) == []

    def test_nothing_is_cut_off_where_there_is_nothing(self, state: Path) -> None:
        assert cut_off(state) == []

    def test_our_own_stays_until_the_note_is_discarded(self, scratch: Scratch, state: Path) -> None:
        (scratch.folder / KEEP).touch()
        scratch.remove()
        assert scratch.folder.is_dir()
        scratch.discard_note()
        assert not scratch.has_note
        scratch.remove()
        assert not state.exists()

    def test_discarding_a_note_that_is_gone_does_no_harm(self, scratch: Scratch) -> None:
        scratch.discard_note()
        assert [path.name for path in scratch.folder.iterdir()] == ["lock"]
