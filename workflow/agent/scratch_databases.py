"""Scratch databases of every vendor: a file beside the run, or a database on a server.

Each can be a copy of an alias's database or empty, and is gone at the end of its block; what a
killed run left on a server is dropped by the next one. The alias means it meanwhile.
"""

import contextlib
import os

from _migration_workflow_agent import scratch_mysql, scratch_postgresql
from _migration_workflow_agent.channel import hide
from _migration_workflow_agent.copies import SNAPSHOT, copy_file, snapshot
from _migration_workflow_agent.fingerprint import difference, fingerprint
from _migration_workflow_agent.naming import NoScratchDatabaseError, left_behind, mine, named
from _migration_workflow_agent.scratch import forget, pointed, renamed, unsynchronised
from _migration_workflow_agent.session import server_link

SERVERS = {"postgresql": scratch_postgresql, "mysql": scratch_mysql}
"""The module for each vendor that has servers. MariaDB is ``mysql`` to Django."""

OWN_SERVER = "the project's own server"

ON_THE_WAY = (
    *(name for name in scratch_postgresql.PARAMETERS if name != "options"),
    *scratch_mysql.ADDRESS,
    *("assume_role", "pool", "read_default_file", "ssl", "ssl_mode"),
)
"""Options of a connection that say how to reach a server, and as whom."""


class ScratchDatabases:
    """The scratch databases of one request.

    ``folder`` is the run's own. ``server`` has the settings of a connection to another server
    than the project's, and ``origin`` says which it is; ``programs`` are folders that may hold
    dump tools. Of a database with more than ``copy_megabytes`` a copy has a sample of the rows.
    ``told`` says, once there is a database, on what engine it is, on what the project's own is,
    where, and how many rows of how many a sample has.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - each is a word of the request
        self, folder, project, server=None, origin=OWN_SERVER, programs=(), copy_megabytes=None
    ):
        self.folder = folder
        self.project = project
        self.server = server
        self.origin = origin
        self.programs = programs
        self.copy_megabytes = copy_megabytes
        self.told = {}

    def fits(self, size):
        """Say whether a database of so many bytes is copied with all its rows."""
        return self.copy_megabytes is None or size <= self.copy_megabytes * 1_000_000

    def tell_sample(self, rows, of):
        """Take note that a copy has only some rows. How many there are is the server's estimate."""
        self.told["sample"] = {"rows": rows, "of": max(rows, of)}

    @contextlib.contextmanager
    def copy(self, alias):
        """Let ``alias`` mean a throwaway copy of its database, rows included."""
        from django.db import connections

        if connections[alias].vendor == "sqlite":
            before, path = (os.path.join(self.folder, name) for name in (SNAPSHOT, "copy.sqlite3"))
            if snapshot(alias, before):
                copy_file(before, path)
            place = self._file(alias, path)
        else:
            place = self._on_server(alias, self._copied)
        with place as connection:
            yield connection

    @contextlib.contextmanager
    def empty(self, alias):
        """Let ``alias`` mean a throwaway database with nothing in it."""
        from django.db import connections

        if connections[alias].vendor == "sqlite":
            place = self._file(alias, os.path.join(self.folder, "empty.sqlite3"))
        else:
            place = self._on_server(alias, self._emptied)
        with place as connection:
            yield connection

    @contextlib.contextmanager
    def grown(self, alias, shelf):
        """Let ``alias`` mean a throwaway database that begins as one of a shelf, or empty."""
        from django.db import connections

        if connections[alias].vendor == "sqlite":
            path = os.path.join(self.folder, "grown.sqlite3")
            shelf.begin(path)
            place = self._file(alias, path)
        else:
            place = self._on_server(alias, shelf.fill)
        with unsynchronised(alias), place as connection:
            try:
                yield connection
            finally:
                shelf.discard()

    def clear(self, alias, shelf, *, drop):
        """Return what is on a shelf, and what killed runs left on the server; drop it, if told to.

        Raises NoScratchDatabaseError where none can be made there.
        """
        from django.db import connections

        connection = connections[alias]
        vendor = SERVERS.get(connection.vendor)
        if vendor is None:
            return shelf.clear(None, drop=drop), []
        settings = _elsewhere(connection, self.server)
        with contextlib.closing(vendor.Server(connection, settings)) as server:
            left = left_behind(server, mine(self.project, connection.settings_dict["NAME"]))
            for name in left if drop else ():
                server.drop_unused(name)
            return shelf.clear(server, drop=drop), left

    @property
    def outlive_the_run(self):
        """Whether the server is still there in the next run: one that the host started is not."""
        return self.server is None or not os.path.lexists(server_link(self.folder))

    @contextlib.contextmanager
    def _file(self, alias, path):
        try:
            with renamed(alias, path) as connection:
                self._tell(connection, "a file")
                yield connection
        finally:
            forget(path)

    @contextlib.contextmanager
    def _on_server(self, alias, fill):
        from django.db import connections

        connection = connections[alias]
        vendor = SERVERS.get(connection.vendor)
        if vendor is None:
            raise NoScratchDatabaseError(f"no scratch databases can be had on {connection.vendor}")
        beginning = mine(self.project, connection.settings_dict["NAME"])
        settings = _elsewhere(connection, self.server)
        with contextlib.ExitStack() as stack:
            with self._refusals_told():
                server = stack.enter_context(
                    contextlib.closing(vendor.Server(connection, settings))
                )
                name = stack.enter_context(named(server, beginning))
                self.told["own_engine"] = engine(connection)
                expected = fill(vendor, server, connection, name)
            with pointed(alias, {**settings, "NAME": name}):
                if expected is not None:
                    _expect_whole(expected, fingerprint(connection))
                self._tell(connection, self.origin)
                yield connection

    def _copied(self, vendor, server, connection, name):
        return vendor.copy(server, connection, name, self)

    @staticmethod
    def _emptied(vendor, server, connection, name):
        vendor.empty(server, connection, name)

    def _tell(self, connection, where):
        self.told.update(engine=engine(connection), where=where)

    @contextlib.contextmanager
    def _refusals_told(self):
        """Say as one sentence why there is no scratch database."""
        from django.db import Error

        try:
            yield
        except Error as error:
            said = hide(" ".join(str(error).split()))
            raise NoScratchDatabaseError(f"{self.origin} made none: {said}") from error


def _elsewhere(connection, server):
    """Return the settings of a connection to another server, for the same code.

    What the options say of how to get there, and as whom, is another matter there. How strict
    MariaDB and MySQL are with values is the server's own setting, unless somebody makes it one of
    the connection (https://mariadb.com/kb/en/sql-mode/): it comes along.
    """
    settings = connection.settings_dict
    if server is None:
        return settings
    kept = {name: value for name, value in settings["OPTIONS"].items() if name not in ON_THE_WAY}
    if connection.vendor == "mysql":
        kept.setdefault("init_command", f"SET sql_mode = '{','.join(sorted(connection.sql_mode))}'")
    nowhere = dict.fromkeys(("HOST", "PORT", "USER", "PASSWORD"), "")
    return {**settings, **nowhere, **server, "OPTIONS": {**kept, **server.get("OPTIONS", {})}}


def engine(connection):
    """Return the engine of a connection with its version: ``postgresql 18.4``."""
    version = connection.get_database_version()
    vendor = connection.vendor
    if vendor == "mysql" and connection.mysql_is_mariadb:
        vendor = "mariadb"
    return f"{vendor} {'.'.join(map(str, version))}"


def _expect_whole(expected, found):
    """Make sure of a copy, whatever made it."""
    lines = difference(expected["schema"], found["schema"])
    lines += [
        f"{table} has {found['rows'].get(table)} rows, not {count}"
        for table, count in sorted(expected["rows"].items())
        if found["rows"].get(table) != count
    ]
    if lines:
        raise NoScratchDatabaseError(
            f"the copy is not what the database is: {'; '.join(lines[:3])}"
        )
