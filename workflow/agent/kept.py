"""Databases that are kept from one run to the next, each after the first migrations of a plan.

For SQLite they are files in the tool's own folder, on a PostgreSQL server databases that others
are made from. Each has a record of what it is, and is found by what made it (``prefix.py``). It is
made aside and gets its name at once, so that whatever is killed when, what has the name is whole.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import sqlite3
import time

from _migration_workflow_agent import scratch_postgresql
from _migration_workflow_agent.copies import copy_file
from _migration_workflow_agent.naming import digest_of_names
from _migration_workflow_agent.scratch import forget

KEY_LETTERS = 20

PREFIX = "migration_workflow_kept"
"""How the name of every kept database on a server begins. It is none that a sweep looks for."""

FORGOTTEN_SECONDS = 7 * 24 * 3600
"""After how long without a run that begins with one of them a project's are dropped on a server."""

ON_SERVER = 40
"""How many are kept at most on a server, whoever the projects are: CI has new ones every day."""

NO_FOLDER = (FileNotFoundError, NotADirectoryError)
"""What a folder raises that is not there yet, or not any more."""

RECORD = {"at", "proven", "state"}
"""What a record must say: when it was kept, and what the database is to be like."""


class NotTrustedError(Exception):
    """A database was kept that is not what its record says, or can't be gone on with."""


def shelf_of(databases, alias):
    """Return the place where databases like that of an alias are kept."""
    from django.db import connections

    connection = connections[alias]
    mark = digest_of_names(databases.project, alias, connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return Files(mark, databases.folder)
    if connection.vendor == "postgresql" and databases.outlive_the_run:
        return Templates(mark)
    return Shelf(mark)


class Shelf:
    """A place for kept databases. Here there is none: every run begins with an empty one.

    ``record`` is what is known of the database that was begun with, ``None`` for an empty one;
    its ``number`` is how many migrations it has. ``room`` is how many are kept at most,
    ``takes`` whether one is begun with at all, and ``keeps`` whether one is added.
    """

    room = 0

    def __init__(self, mark):
        self._beginning = f"{PREFIX}_{mark}_"
        self._digests = []
        self._fitting = set()
        self._used = set()
        self._staged = {}
        self._engine = ""
        self.takes = self.keeps = True
        self.record = None

    @property
    def known(self):
        """How many beginnings of the plan there are that can be told from others."""
        return len(self._digests)

    def prepare(self, digests, others):
        """Say what the beginnings of a plan depend on, and those of another plan of this run."""
        self._digests = digests
        self._fitting = {*digests, *others}

    def fill(self, vendor, server, connection, name):
        """Make the database of a name on a server: the longest beginning, or an empty one."""
        vendor.empty(server, connection, name)

    def has(self, number):
        """Say whether the database after so many migrations is kept already, or won't be."""
        can_be = self.room and self.keeps and number <= len(self._digests)
        return not can_be or self._record(self._name(number))

    def stage(self, connection, number, record):
        """Take a copy aside of the database as it is after so many migrations."""

    def keep(self, plan, proven):
        """Keep what was staged. ``proven`` lists what of the plan went back and forward again."""
        for number, (aside, record) in sorted(self._staged.items()):
            known = [key for key in plan[:number] if key in proven]
            more = {"at": time.time(), "proven": known}
            self._place(aside, self._name(number), {**record, **more})
            self._used.add(self._name(number))
        self._staged.clear()
        self._make_room()

    def discard(self):
        """Drop what was staged: the run did not end well."""
        while self._staged:
            aside, _ = self._staged.popitem()[1]
            with contextlib.suppress(Exception):  # the server may be gone: a later run sweeps it
                self._drop(aside)

    def clear(self, server, *, drop):  # noqa: ARG002 - nothing is kept here
        """Return the names of all that are kept here; drop them, where told to.

        ``server`` is a session on the database's server, ``None`` for a file.
        """
        return []

    def distrust(self):
        """Drop the database that was begun with."""
        with contextlib.suppress(Exception):  # it is not begun with in this run, in any case
            self._drop(self.record["name"])

    def _take(self, target):
        """Make ``target`` the longest beginning that is kept; say whether there is one."""
        self.record = None
        there = set(self._names()) if self.takes else ()
        for number in range(len(self._digests), 0, -1):
            name = self._name(number)
            record = self._record(name) if name in there else None
            if record and self._copy(name, record, target):
                self._used.add(name)
                self.record = {**record, "number": number, "name": name}
                return True
        return False

    def _make_room(self):
        """Drop those that nobody needed for longest, beyond how many there is room for."""
        fitting = {self._name_of(digest) for digest in self._fitting}
        records = {name: self._record(name) for name in self._names()}
        order = sorted(
            (name for name, record in records.items() if record),
            key=lambda name: (name in self._used, name in fitting, records[name]["at"]),
        )
        for name in set(records) - set(order[-self.room :]):
            self._drop(name)

    def _name(self, number):
        return self._name_of(self._digests[number - 1])

    def _name_of(self, digest):
        text = f"{digest}\0{self._engine}"
        return self._beginning + hashlib.sha256(text.encode()).hexdigest()[:KEY_LETTERS]

    def _names(self):
        """Return the names of all that are kept here."""
        return []

    def _record(self, name):
        """Return the record of a kept database, ``None`` where there is none that says enough."""

    def _copy(self, name, record, target):
        """Make ``target`` a copy of a kept database; say whether that could be done."""
        raise NotImplementedError

    def _place(self, aside, name, record):
        """Give a database that was staged its name, and its record."""
        raise NotImplementedError

    def _drop(self, name):
        """Drop a database with its record, or one that was staged."""


class Files(Shelf):
    """SQLite files. ``folder`` is the run's own: what is in it is swept when the run was killed."""

    room = 8

    def __init__(self, mark, folder):
        super().__init__(mark)
        self._run = folder
        self._folder = os.path.join(os.path.dirname(os.path.dirname(folder)), "kept")
        self._engine = sqlite3.sqlite_version

    def begin(self, path):
        """Make ``path`` the longest beginning that is kept, if there is one."""
        with contextlib.suppress(*NO_FOLDER):
            with self._alone():
                self._take(path)

    def stage(self, connection, number, record):
        """Take a copy aside of the database as it is after so many migrations."""
        path = os.path.join(self._run, f"kept-{number}.sqlite3")
        connection.ensure_connection()
        with contextlib.closing(sqlite3.connect(path)) as target:
            connection.connection.backup(target)
        self._staged[number] = path, record

    def keep(self, plan, proven):
        """Keep what was staged."""
        os.makedirs(self._folder, exist_ok=True)
        self._give_away(self._folder)
        with self._alone():
            super().keep(plan, proven)

    def clear(self, server, *, drop):  # noqa: ARG002 - there is none
        """Return the names of all in the folder, for whatever place and database; drop them."""
        with contextlib.suppress(*NO_FOLDER):
            with self._alone():
                names = self._all_of(PREFIX)
                for name in names if drop else ():
                    self._drop(name)
                if drop:
                    with contextlib.suppress(OSError):  # somebody has put something else there
                        os.rmdir(self._folder)
            return names
        return []

    def _names(self):
        return self._all_of(self._beginning)

    def _all_of(self, beginning):
        names = {name.partition(".")[0] for name in os.listdir(self._folder)}
        return sorted(name for name in names if name.startswith(beginning))

    def _record(self, name):
        with contextlib.suppress(OSError):
            with open(self._path(name, ".json"), encoding="utf-8") as file:
                return _read(file.read())
        return None

    def _copy(self, name, record, target):
        if record.get("file") != _digest_of(self._path(name)):
            self._drop(name)
            return False
        copy_file(self._path(name), target)
        return True

    def _place(self, aside, name, record):
        record = {**record, "file": _digest_of(aside)}
        note = os.path.join(self._run, "kept.json")
        with open(note, "w", encoding="utf-8") as file:
            json.dump(record, file)
        # One without the other, or with another's, is not used: neither has to come first.
        for path, ending in ((aside, ".sqlite3"), (note, ".json")):
            self._give_away(path)
            _flush(path)
            os.replace(path, self._path(name, ending))
        _flush(self._folder)

    def _drop(self, name):
        if os.path.isabs(name):
            forget(name)
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(name, ".json"))
        forget(self._path(name))

    def _path(self, name, ending=".sqlite3"):
        return os.path.join(self._folder, name + ending)

    def _give_away(self, path):
        """Let what root makes in a container belong to whom the folder belongs."""
        if os.geteuid() == 0:
            whose = os.stat(self._run)
            os.chown(path, whose.st_uid, whose.st_gid)

    @contextlib.contextmanager
    def _alone(self):
        """Be the only run that looks at the folder, or changes something there."""
        lock = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


class Templates(Shelf):
    """Databases on a PostgreSQL server, which nobody can connect to.

    Others are made of them by the server
    (https://www.postgresql.org/docs/current/manage-ag-templatedbs.html). The record is the comment
    on a database: it is there as soon as the name is, and goes with it.
    """

    room = 4

    def __init__(self, mark):
        super().__init__(mark)
        self._server = None

    def fill(self, vendor, server, connection, name):
        """Make the database of a name on a server: the longest beginning, or an empty one."""
        self._server = server
        self._engine = repr(scratch_postgresql.likeness(server, connection))
        if not self._take(name):
            vendor.empty(server, connection, name)
            return
        for setting, value in scratch_postgresql.settings_of(connection):
            server.set_for(name, setting, value)

    def clear(self, server, *, drop):
        """Return the names of all that are kept for the project and its database; drop them."""
        self._server = server
        names = self._names()
        for name in names if drop else ():
            self._drop(name)
        return names

    def keep(self, plan, proven):
        """Keep what was staged; drop what no project seems to need any more."""
        super().keep(plan, proven)
        with contextlib.suppress(Exception):  # of others: this run has what it wants
            self._drop_forgotten()

    def _drop_forgotten(self):
        """Drop what a folder left behind that is gone, or that nobody works in.

        A project's are as old as its last run. They are known to be ours by their name and their
        record, and that nobody is connected. A run that was about to begin with one does without.
        """
        named = [(name, _read(comment)) for name, comment in self._server.closed(f"{PREFIX}_")]
        used = {name: record.get("used", record["at"]) for name, record in named if record}
        last = {}
        for name, moment in used.items():
            last[_project_of(name)] = max(moment, last.get(_project_of(name), moment))
        order = sorted(used, key=lambda name: (last[_project_of(name)], used[name]), reverse=True)
        oldest = time.time() - FORGOTTEN_SECONDS
        for number, name in enumerate(order, 1):
            if number > ON_SERVER or last[_project_of(name)] < oldest:
                self._server.drop_unused(name)

    def stage(self, connection, number, record):
        """Take a copy aside of the database as it is after so many migrations."""
        name = connection.settings_dict["NAME"]
        connection.close()
        scratch_postgresql.close_pool(connection)
        aside = f"{name}_{number}"
        self._server.lock(aside)
        if self._server.create_from(name, aside):
            self._staged[number] = aside, record

    def _names(self):
        return self._server.names(self._beginning)

    def _record(self, name):
        return _read(self._server.comment(name))

    def _copy(self, name, record, target):
        if not self._server.create_from(name, target):
            return False
        self._server.write_comment(name, json.dumps({**record, "used": time.time()}))
        return True

    def _place(self, aside, name, record):
        self._server.close_to_all(aside, json.dumps(record))
        if not self._server.rename(aside, name):
            self._server.drop(aside)  # somebody else has just kept the same

    def _drop(self, name):
        self._server.drop(name)


def _project_of(name):
    """Return the part of a name that is the same for a project, an alias and a database."""
    return name.rpartition("_")[0]


def _read(text):
    """Return a record from its text, ``None`` where it says too little."""
    try:
        record = json.loads(text or "null")
    except ValueError:
        return None
    return record if isinstance(record, dict) and record.keys() >= RECORD else None


def _digest_of(path):
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


def _flush(path):
    """Make sure that a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
