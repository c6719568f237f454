"""Consistent copies of a SQLite database: made, and put back.

They go through its backup API (https://www.sqlite.org/backup.html): a copy is consistent while
others write, and a restore is one transaction, so that a process killed in the middle leaves the
file as it was.
"""

import contextlib
import os
import sqlite3
import time

from _migration_workflow_agent.scratch import forget
from _migration_workflow_agent.session import database_exists

PAGES_AT_ONCE = 4096
BUSY_SECONDS = 30
"""How long to wait for somebody else's lock on a SQLite file."""

SNAPSHOT = "before.sqlite3"
"""The file in a run's scratch folder that holds a SQLite database as it was."""


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

    What they wrote would go with a snapshot that is put back. With a write-ahead log nobody else
    may have the file open then, not even to read
    (https://www.sqlite.org/pragma.html#pragma_locking_mode).
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone()[0] == "wal":
            cursor.execute("BEGIN EXCLUSIVE")
            cursor.execute("COMMIT")
