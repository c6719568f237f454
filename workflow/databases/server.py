"""A PostgreSQL server of a run's own, for scratch databases: started, and ended with the run.

It listens on a socket in a folder that nobody else may enter, and does without what keeps data
over a crash of the machine. A link in the run's scratch folder leads there, so that the next run
can end a server whose run was killed.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.project import process
from workflow.project.scratch import SERVER, with_servers

if TYPE_CHECKING:
    from workflow.databases.programs import Programs

PREFIX = "mw-scratch-"
"""How the names of the servers' folders begin."""

LONGEST = 70
"""How long the path of their parent may be: that of a socket ends after about 100 letters."""

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
full_page_writes = off
synchronous_commit = off
"""

START_SECONDS = 60.0
END_SECONDS = 10.0
UNPRIVILEGED = ("postgres", "nobody")
"""Who may run a server where we are root, whom PostgreSQL refuses."""


class Server:
    """One server, started at once. Raises CouldNotCheck where it can't be."""

    def __init__(self, programs: Programs, scratch: Path) -> None:
        self._link = scratch / SERVER
        folder = _room() / f"{PREFIX}{secrets.token_hex(4)}"
        self._link.symlink_to(folder)
        try:
            self._start(programs, folder)
        except BaseException:
            self.end()
            raise
        self.settings: dict[str, Any] = {
            "HOST": str(folder),
            "USER": "postgres",
            "NAME": "postgres",
        }

    def end(self) -> None:
        """End it and remove all that it held."""
        end_server(self._link)

    def _start(self, programs: Programs, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        us = _as_somebody(folder)
        data, log = folder / "data", folder / "log"
        initdb, pg_ctl = (str(programs.folder / name) for name in ("initdb", "pg_ctl"))
        words = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8"]
        _run([*us, initdb, *words, f"--pgdata={data}"], programs, folder)
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(folder=folder))
        start = ["start", "--wait", "--silent", f"--pgdata={data}", f"--log={log}"]
        _run([*us, pg_ctl, *start], programs, folder)


def _room() -> Path:
    """Return the folder for temporary files, or ``/tmp`` where that one is of no use here."""
    for name in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the folder in it is ours alone
        folder = Path(name).resolve()
        open_to_all = all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents))
        if len(str(folder)) <= LONGEST and (open_to_all or os.geteuid() != 0):
            return folder
    raise CouldNotCheck(f"no server can be started in {folder}: name another folder with TMPDIR")


def _run(argv: Sequence[str], programs: Programs, folder: Path) -> None:
    done = process.run(argv, cwd=folder, seconds=START_SECONDS)
    if done.code != 0:
        said = " ".join((done.stderr or done.stdout).split())
        raise CouldNotCheck(f"{programs.origin} can't be started: {said[:300]}")


def _as_somebody(folder: Path) -> list[str]:
    """Return what to put before a command so that root does not run it; the folder is theirs."""
    if os.geteuid() != 0:
        return []
    for name in UNPRIVILEGED:
        with suppress(KeyError):
            who = pwd.getpwnam(name)
            os.chown(folder, who.pw_uid, who.pw_gid)
            if shutil.which("setpriv"):
                words = [f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]
                return ["setpriv", *words]
            return ["runuser", "-u", name, "--"]
    raise CouldNotCheck("PostgreSQL does not run as root, and there is nobody else to run it")


def end_left_servers(state_folder: Path) -> None:
    """End the servers of runs that were killed before they could."""
    with suppress(OSError):  # a tree that can't be read or written can't be swept either
        for folder in with_servers(state_folder):
            end_server(folder / SERVER)


def end_server(link: Path) -> None:
    """End the server that a link leads to, if it runs, and remove its folder and the link."""
    folder = link.readlink()
    if folder.name.startswith(PREFIX):
        data = folder / "data"
        with suppress(OSError, ValueError):
            pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            if str(data) in _command_of(pid):
                _end(pid)
        shutil.rmtree(folder, ignore_errors=True)
    link.unlink(missing_ok=True)


def _end(pid: int) -> None:
    """Ask a server to leave at once; it takes the processes of its sessions with it."""
    os.kill(pid, signal.SIGQUIT)
    until = time.monotonic() + END_SECONDS
    while time.monotonic() < until:
        os.kill(pid, 0)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)


def _command_of(pid: int) -> str:
    """Return the command line of a process; nothing where it is gone."""
    listed = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        return listed.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return process.run(["ps", "-o", "command=", "-p", str(pid)], cwd=Path("/")).stdout
