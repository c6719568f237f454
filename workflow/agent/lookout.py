"""Looks from a second connection at what a migration waits for, and how far it has come.

While a statement waits, its own connection can tell nothing. What is seen here is told to the
host as it happens, and the last who stood in the way are kept for the message of a failure.
"""

import contextlib
import re
import threading
import time

from _migration_workflow_agent.channel import hide
from _migration_workflow_agent.migrating import Watcher, unheard
from _migration_workflow_agent.server_session import own_connection
from django.db.backends.signals import connection_created

LOOKS_EVERY = 0.25
"""Seconds between two looks."""

TELLS_EVERY = 1
"""Seconds between two lines of progress."""

QUERY_LENGTH = 120

TEXTS = re.compile(r"'(?:[^'\\]|''|\\.)*(?:'|$)|\$(\w*)\$.*?(?:\$\1\$|$)", re.DOTALL)
MYSQL_TEXTS = re.compile(r"""'(?:[^'\\]|''|\\.)*(?:'|$)|"(?:[^"\\]|""|\\.)*(?:"|$)""", re.DOTALL)

BLOCKING = """
    SELECT pid, usename, application_name, client_addr::text, state, xact_start, query
    FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(%s)) ORDER BY xact_start
"""

BUILDING = """
    SELECT phase, blocks_done, blocks_total FROM pg_stat_progress_create_index WHERE pid = %s
"""

WAITING = """
    SELECT count(*) FROM information_schema.processlist
    WHERE id = %s AND (state LIKE 'Waiting for%%lock' OR id IN (
        SELECT trx_mysql_thread_id FROM information_schema.innodb_trx
        WHERE trx_state = 'LOCK WAIT'))
"""

WITH_TRANSACTION = """
    SELECT p.id, p.user, NULL, p.host, 'with a transaction open', t.trx_started, p.info
    FROM information_schema.innodb_trx t
    JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
    WHERE p.id NOT IN (%s, CONNECTION_ID()) AND t.trx_state <> 'LOCK WAIT' ORDER BY t.trx_started
"""
"""MariaDB tells who holds a metadata lock only where a plugin is installed; it can be nobody but
one with a transaction or a statement under way."""

WHO = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}


class Lookout(Watcher):
    """A thread with a connection of its own, which looks while migrations run.

    ``blocking`` holds the sessions that a statement waited for when one last waited. Where no
    second connection is to be had, nothing is seen, and migrations run all the same.
    """

    def __init__(self, channel, connection, doing):
        self.channel = channel
        self.connection = connection
        self.doing = doing
        self.blocking = []
        self._migration = None
        self._began = self._told = 0
        self._session = None
        self._ended = threading.Event()

    @contextlib.contextmanager
    def looking(self):
        """Look until the block ends."""
        if self.connection.vendor not in WHO:
            yield
            return
        connection_created.connect(self._opened, weak=False)
        thread = threading.Thread(target=self._look, name="lookout", daemon=True)
        thread.start()
        try:
            yield
        finally:
            connection_created.disconnect(self._opened)
            self._ended.set()
            thread.join()

    def begin(self, migration):
        """Take note of what runs, and in which of the server's sessions."""
        if self.connection.vendor in WHO:
            self._note_session()
        self._migration, self.blocking = migration, []
        self._began = self._told = time.monotonic()

    def end(self, migration):  # noqa: ARG002 - what watchers take
        """Nothing runs any more."""
        self._migration = None
        return {}

    def _opened(self, connection, **_):
        if connection is self.connection:
            self._note_session()

    def _note_session(self):
        with unheard(self.connection), self.connection.cursor() as cursor:
            cursor.execute(WHO[self.connection.vendor])
            self._session = cursor.fetchone()[0]

    def _look(self):
        own = own_connection(self.connection)
        while not self._ended.wait(LOOKS_EVERY):
            with contextlib.suppress(Exception), own.cursor() as cursor:  # it only looks
                self._look_once(cursor)
        with contextlib.suppress(Exception):
            own.close()

    def _look_once(self, cursor):
        migration, now = self._migration, time.monotonic()
        if migration is None:
            return
        blocking = self._blocking(cursor)
        if blocking:
            self.blocking = blocking
        if now - self._told >= TELLS_EVERY:
            self._told = now
            self.channel.event(
                doing=self.doing,
                app=migration.app_label,
                migration=migration.name,
                seconds=round(now - self._began),
                blocking=blocking,
                building=self._building(cursor),
            )

    def _blocking(self, cursor):
        vendor = self.connection.vendor
        if vendor == "mysql":
            cursor.execute(WAITING, [self._session])
            if not cursor.fetchone()[0]:
                return []
        cursor.execute(BLOCKING if vendor == "postgresql" else WITH_TRANSACTION, [self._session])
        return [_described(vendor, row) for row in cursor.fetchall()]

    def _building(self, cursor):
        """Return the phase of an index build and how much of it is done, from 0 to 1."""
        if self.connection.vendor != "postgresql":
            return None
        cursor.execute(BUILDING, [self._session])
        row = cursor.fetchone()
        return row and {"phase": row[0], "done": row[1] / row[2] if row[2] else None}


def _described(vendor, row):
    """Return a session as plain data: a row of BLOCKING or WITH_TRANSACTION, by its parts."""
    parts = ("session", "user", "application", "address", "state", "since", "query")
    session = {part: value or None for part, value in zip(parts, row)}  # noqa: B905 - since 3.10
    session["since"] = session["since"] and str(session["since"])
    session["query"] = session["query"] and without_values(vendor, session["query"])
    return session


def without_values(vendor, query):
    """Return the begin of a statement without the values that are written in it."""
    texts = MYSQL_TEXTS if vendor == "mysql" else TEXTS
    shown = hide(" ".join(texts.sub("'…'", query).split()))
    return shown if len(shown) <= QUERY_LENGTH else shown[: QUERY_LENGTH - 1] + "…"
