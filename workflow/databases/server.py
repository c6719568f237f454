"""A database server of a run's own, for scratch databases: started, and ended with the run.

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
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.project import process
from workflow.project.scratch import SERVER

if TYPE_CHECKING:
    from workflow.databases.programs import Programs
    from workflow.project.process import Child

PREFIX = "mw-scratch-"
"""How the names of the servers' folders begin."""

LONGEST = 70
"""How long the path of their parent may be: that of a socket ends after about 100 letters."""

END_SECONDS = 10.0
UNPRIVILEGED = ("postgres", "mysql", "nobody")
"""Who may run a server where we are root, whom PostgreSQL refuses."""

PIDS = (
    ("data/postmaster.pid", signal.SIGQUIT),
    ("data/server.pid", signal.SIGKILL),
    ("pid", signal.SIGKILL),
)
"""Where a server's process is told, and the signal on which it leaves at once.

PostgreSQL's takes the processes of its sessions with it
(https://www.postgresql.org/docs/current/server-shutdown.html); MariaDB has one process.
"""


class Server:
    """One server, started at once. Raises CouldNotCheck where it can't be."""

    def __init__(self, programs: Programs, scratch: Path) -> None:
        self._link = scratch / SERVER
        self._child: Child | None = None
        folder = _room() / f"{PREFIX}{secrets.token_hex(4)}"
        self._link.symlink_to(folder)
        try:
            folder.mkdir(mode=0o700)
            self._child = programs.start(folder, _as_somebody(folder))
        except BaseException:
            self.end()
            raise
        self.settings = programs.settings(folder)

    def end(self) -> None:
        """End it and remove all that it held."""
        end_server(self._link)
        if self._child is not None:
            self._child.wait()


def _room() -> Path:
    """Return the folder for temporary files, or ``/tmp`` where that one is of no use here."""
    for name in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the folder in it is ours alone
        folder = Path(name).resolve()
        open_to_all = all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents))
        if len(str(folder)) <= LONGEST and (open_to_all or os.geteuid() != 0):
            return folder
    raise CouldNotCheck(f"no server can be started in {folder}: name another folder with TMPDIR")


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
    raise CouldNotCheck("no server is run as root, and there is nobody else to run it")


def end_server(link: Path) -> None:
    """End the server that a link leads to, if it runs, and remove its folder and the link."""
    folder = link.readlink()
    if folder.name.startswith(PREFIX):
        for name, leave in PIDS:
            with suppress(OSError, ValueError):
                pid = int((folder / name).read_text(encoding="utf-8").split()[0])
                _end(pid, str(folder / "data"), leave)
        shutil.rmtree(folder, ignore_errors=True)
    link.unlink(missing_ok=True)


def _end(pid: int, data: str, leave: int) -> None:
    """Let a server leave, and see to it that it does. Another process of its number stays."""
    if data not in _command_of(pid):
        return
    os.kill(pid, leave)
    until = time.monotonic() + END_SECONDS
    while data in _command_of(pid) and time.monotonic() < until:
        time.sleep(0.02)
    if data in _command_of(pid):
        os.kill(pid, signal.SIGKILL)


def _command_of(pid: int) -> str:
    """Return the command line of a process; nothing where it is gone."""
    listed = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        return listed.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return process.run(["ps", "-o", "command=", "-p", str(pid)], cwd=Path("/")).stdout
