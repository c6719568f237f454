"""One migrator at a time: whoever migrates a database has its turn, and everybody else waits.

A turn is a lock that the server, or for a file the system, takes back by itself however its
holder ends. It is on a connection of its own, so that no migration loses it by closing
connections. It is asked for again and again rather than waited for in the server: a session that
waits there is one that ``CREATE INDEX CONCURRENTLY`` waits for in turn.
"""

import contextlib
import datetime
import fcntl
import getpass
import hashlib
import json
import os
import socket
import time

from _migration_workflow_agent.pooler import expect_own_session
from _migration_workflow_agent.server_session import (
    MAINTENANCE,
    YEAR_SECONDS,
    advisory_key,
    own_connection,
)
from _migration_workflow_agent.state import recorded
from django.db import DatabaseError, connections

ASK_AGAIN_SECONDS = 0.25

NAMESPACE = "migration-workflow"
"""What begins the name of every lock of ours, and of every session that holds one."""


class TurnLostError(Exception):
    """The lock went while it was held: somebody ended its session."""


def turn(session, database, wait):
    """Take the turn of a database, and keep it until this process ends.

    ``wait`` is how many seconds to wait for somebody who has it. Returns whether it is ``held``
    now, who was the ``holder`` before, how many seconds were ``waited``, and whether the recorded
    history ``changed`` since it was read first.
    """
    began, holders = time.monotonic(), []
    held = session.turns.get(database) or _turn_of(connections[database])
    _leave_alone(database)
    while not held.take():
        holder = held.holder()
        if holder not in holders:
            holders.append(holder)
            session.channel.event(doing="waiting for", holder=holder)
        if time.monotonic() - began >= wait:
            held.close()
            return {"held": False, "holder": holders[-1], "waited": wait, "changed": False}
        time.sleep(ASK_AGAIN_SECONDS)
    session.turns[database] = held
    answer = {
        "held": True,
        "holder": holders[-1] if holders else None,
        "waited": round(time.monotonic() - began, 3) if holders else 0,
        "changed": _forget_what_is_old(session, database),
    }
    _leave_alone(database)
    return answer


def _leave_alone(database):
    """Close our connection: a database that somebody is connected to can't be a template."""
    connections[database].close()


def _forget_what_is_old(session, database):
    """Load anew where somebody recorded other migrations since; say whether that is so."""
    loader = session.loaded(database)
    now = {(app, name) for app, name, _ in recorded(database)}
    if loader is None or set(loader.applied_migrations) == now:
        return False
    session.forget()
    return True


def _turn_of(connection):
    if connection.vendor == "postgresql":
        return _PostgresqlTurn(connection)
    if connection.vendor == "mysql":
        return _MysqlTurn(connection)
    return _FileTurn(_path_of(connection)) if _is_file(connection) else _NoTurn()


def _is_file(connection):
    return connection.vendor == "sqlite" and not connection.is_in_memory_db()


def _path_of(connection):
    return os.path.abspath(connection.settings_dict["NAME"])


def clear_away(connection):
    """Remove what a migrator left beside a SQLite database that was killed in its turn."""
    if _is_file(connection):
        left = _FileTurn(_path_of(connection))
        if os.path.exists(left.path) and left.take():
            left.close()


def who_we_are():
    """Return a name for this process that a person finds it by."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may give us a number that has no name
        user = str(os.getuid())
    return f"{NAMESPACE}: {user}@{socket.gethostname()}, process {os.getpid()}"


class _NoTurn:
    """Nobody else can reach a database in memory; of other vendors we know no locks."""

    def take(self):
        return True

    def expect_held(self):
        """Nothing can be lost."""

    def close(self):
        """Nothing was taken."""


class _ServerTurn:
    """A lock of a server's own kind, held by a session that does nothing else."""

    def __init__(self, connection):
        self.own = own_connection(connection)
        self.key = None

    def expect_held(self):
        """Raise TurnLostError where the session is gone, and the lock with it."""
        try:
            with self.own.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError as error:
            raise TurnLostError(
                "the session that held this database's turn was ended, so that somebody else may "
                "migrate it now"
            ) from error

    def close(self):
        """Give it back."""
        self.own.close()


class _PostgresqlTurn(_ServerTurn):
    """An advisory lock in the maintenance database, or else in the database itself.

    Advisory locks are each database's own, so all of ours are in one. It is not the database itself
    as that could not be copied as a template then
    (https://www.postgresql.org/docs/current/manage-ag-templatedbs.html).
    """

    def __init__(self, connection):
        super().__init__(connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            name = cursor.fetchone()[0]
        self.key = advisory_key(f"{NAMESPACE} {name}")
        self._connect(name)
        with self.own.cursor() as cursor:
            cursor.execute("SELECT set_config('application_name', %s, false)", [who_we_are()[:63]])
            cursor.execute(  # unknown before PostgreSQL 14
                "SELECT set_config(name, '0', false) FROM pg_settings "
                "WHERE name = 'idle_session_timeout'"
            )

    def _connect(self, name):
        self.own.settings_dict["NAME"] = MAINTENANCE
        try:
            self.own.ensure_connection()
        except DatabaseError:
            self.own.settings_dict["NAME"] = name
            self.own.ensure_connection()
        expect_own_session(self.own)

    def take(self):
        with self.own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self.key])
            return cursor.fetchone()[0]

    def holder(self):
        with self.own.cursor() as cursor:
            cursor.execute(
                "SELECT a.application_name, a.pid, a.usename, a.client_addr::text, a.backend_start "
                "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                "JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() "
                "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
                "AND (l.classid::bigint << 32) | l.objid::bigint = %s",
                [self.key],
            )
            row = cursor.fetchone()
        return row and _holder(*row)


class _MysqlTurn(_ServerTurn):
    """A lock by GET_LOCK, whose names are the whole server's and have at most 64 characters."""

    def __init__(self, connection):
        super().__init__(connection)
        digest = hashlib.sha256(str(connection.settings_dict["NAME"]).encode()).hexdigest()
        self.key = f"{NAMESPACE} {digest[:40]}"
        with self.own.cursor() as cursor:
            cursor.execute(f"SET SESSION wait_timeout = {YEAR_SECONDS}")

    def take(self):
        with self.own.cursor() as cursor:
            cursor.execute("SELECT GET_LOCK(%s, 0)", [self.key])
            return cursor.fetchone()[0] == 1

    def holder(self):
        with self.own.cursor() as cursor:
            cursor.execute(
                "SELECT NULL, id, user, host, NULL FROM information_schema.processlist "
                "WHERE id = IS_USED_LOCK(%s)",
                [self.key],
            )
            row = cursor.fetchone()
        return row and _holder(*row)


class _FileTurn:
    """A file beside a SQLite database, which says who has it and is gone when nobody has it."""

    def __init__(self, database):
        self.path = database + "-migrating"
        self.file = None

    def take(self):
        """Lock the file. Where none can be made, SQLite can't write to the database either."""
        try:
            file = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o644)
        except OSError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(file), os.stat(self.path))
        except OSError:  # somebody else has it, or has just removed it
            ours = False
        if not ours:
            os.close(file)
            return False
        since = datetime.datetime.now(datetime.timezone.utc)
        with contextlib.suppress(OSError):  # who has it can't be told on a disk that is full
            os.ftruncate(file, 0)
            os.write(file, json.dumps(_holder(who_we_are(), None, None, None, since)).encode())
        self.file = file
        return True

    def holder(self):
        with contextlib.suppress(OSError, ValueError):
            with open(self.path, encoding="utf-8") as file:
                return json.load(file)
        return None

    def expect_held(self):
        """The system takes it from nobody who lives."""

    def close(self):
        """Give it back: remove the file before somebody else can lock it."""
        if self.file is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            os.close(self.file)
            self.file = None


def _holder(name, session, user, address, since):
    return {
        "name": name,
        "session": session,
        "user": user,
        "address": address,
        "since": since and since.isoformat(timespec="seconds"),
    }
