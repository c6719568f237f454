"""Consistent copies of a database: made, rehearsed on, put back, and thrown away.

SQLite goes through its backup API (https://www.sqlite.org/backup.html): a copy is consistent
while others write, and a restore is one transaction, so that a process killed in the middle
leaves the file as it was. Servers make their scratch databases the way Django's own test
runner makes and clones its test databases.
"""

import contextlib
import io
import os
import sqlite3
import time

from _migration_workflow_agent.fingerprint import difference, fingerprint, row_changes
from _migration_workflow_agent.scratch import forget, renamed
from _migration_workflow_agent.session import database_exists

PAGES_AT_ONCE = 4096
BUSY_SECONDS = 30
"""How long to wait for somebody else's lock on a SQLite file."""

SNAPSHOT = "before.sqlite3"
"""The file in a run's scratch folder that holds a SQLite database as it was."""

SCRATCH_PREFIX = "migration_workflow_scratch"


class NoScratchDatabaseError(Exception):
    """The server did not make a scratch database."""


class LockedError(Exception):
    """Somebody else kept the database locked for too long."""


def copy(source, target):
    """Copy one open SQLite database over another, in one transaction of the target."""
    deadline = time.monotonic() + BUSY_SECONDS
    busy = {sqlite3.SQLITE_BUSY, 5, 6} if hasattr(sqlite3, "SQLITE_BUSY") else {5, 6}

    def give_up(status, *_):
        if status in busy and time.monotonic() > deadline:
            raise LockedError(f"the database stayed locked for {BUSY_SECONDS} seconds")

    source.backup(target, pages=PAGES_AT_ONCE, progress=give_up)


def copy_file(source, target):
    """Copy one SQLite file to another."""
    with contextlib.closing(sqlite3.connect(source)) as one:
        with contextlib.closing(sqlite3.connect(target)) as other:
            copy(one, other)


def snapshot(alias, path):
    """Copy a SQLite database to ``path``; say whether there was one to copy."""
    from django.db import connections

    if not database_exists(alias):
        return False
    connection = connections[alias]
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as target:
        copy(connection.connection, target)
    return True


def put_back(alias, path):
    """Make a SQLite database what it was when ``path`` was copied from it.

    No snapshot means that there was no database: then there is none again.
    """
    from django.db import connections

    connection = connections[alias]
    if not os.path.exists(path):
        connection.close()
        forget(connection.settings_dict["NAME"])
        return
    connection.ensure_connection()
    connection.connection.rollback()
    with contextlib.closing(sqlite3.connect(path)) as source:
        copy(source, connection.connection)
    connection.close()


def keep_others_out(connection):
    """Let nobody else write to a SQLite database from our first look at it until we close it.

    With a write-ahead log that would need everybody else to be gone, even those who only have
    the file open (https://www.sqlite.org/pragma.html#pragma_locking_mode): there it is not done.
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone()[0] != "wal":
            cursor.execute("PRAGMA locking_mode = EXCLUSIVE")


@contextlib.contextmanager
def rehearsal_copy(alias, directory):
    """Let ``alias`` mean a throwaway copy of its database, rows included."""
    from django.db import connections

    if connections[alias].vendor != "sqlite":
        with _server_copy(alias, cloned=True) as connection:
            yield connection
        return
    before, path = (os.path.join(directory, name) for name in (SNAPSHOT, "copy.sqlite3"))
    if snapshot(alias, before):
        copy_file(before, path)
    try:
        with renamed(alias, path) as connection:
            yield connection
    finally:
        forget(path)


@contextlib.contextmanager
def empty_database(alias, directory):
    """Let ``alias`` mean a throwaway database with nothing in it."""
    from django.db import connections

    if connections[alias].vendor != "sqlite":
        with _server_copy(alias, cloned=False) as connection:
            yield connection
        return
    path = os.path.join(directory, "empty.sqlite3")
    try:
        with renamed(alias, path) as connection:
            yield connection
    finally:
        forget(path)


@contextlib.contextmanager
def _server_copy(alias, cloned):
    from django.db import connections

    connection = connections[alias]
    scratch = _create_clone(connection) if cloned else _create_empty(connection)
    try:
        with renamed(alias, scratch):
            yield connection
    finally:
        connection.creation._destroy_test_db(scratch, verbosity=0)


def _create_clone(connection):
    creation, suffix = connection.creation, _scratch_name()
    expected = fingerprint(connection)
    connection.close()
    with _creation_errors():
        creation._clone_test_db(suffix, verbosity=0)
    name = creation.get_test_db_clone_settings(suffix)["NAME"]
    try:
        _expect_whole(connection, name, expected)
    except BaseException:
        creation._destroy_test_db(name, verbosity=0)
        raise
    return name


def _expect_whole(connection, name, expected):
    """Make sure of the clone: Django does not notice when mysqldump fails."""
    with renamed(connection.alias, name):
        found = fingerprint(connection)
    lines = difference(expected["schema"], found["schema"])
    changed = row_changes(expected["rows"], found["rows"])
    lines += [f"{table} has {found['rows'].get(table)} rows" for table in changed]
    if lines:
        raise NoScratchDatabaseError(
            f"the clone is not what the database is: {'; '.join(lines[:3])}"
        )


def _create_empty(connection):
    name = _scratch_name()
    test = connection.settings_dict.setdefault("TEST", {})
    before, test["NAME"] = test.get("NAME"), name
    try:
        with _creation_errors():
            connection.creation._create_test_db(verbosity=0, autoclobber=True)
    finally:
        test["NAME"] = before
    return name


def _scratch_name():
    return f"{SCRATCH_PREFIX}_{os.getpid()}"


@contextlib.contextmanager
def _creation_errors():
    """Turn what Django prints before it exits into an exception that says it."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            yield
    except SystemExit as error:
        raise NoScratchDatabaseError(" ".join(said.getvalue().split())) from error
