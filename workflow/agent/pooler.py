"""Tells whether a session of PostgreSQL is ours, or somebody else's in turn.

A pooler between us and the server may give each transaction whatever session is free (PgBouncer
with ``pool_mode = transaction``, https://www.pgbouncer.org/features.html). Then a lock that a
session holds, and what was set for it, are not ours: whoever comes next has them.
"""

import contextlib

from _migration_workflow_agent.server_session import own_connection

ROUNDS = 20
"""How often two connections are compared that a pooler has given sessions of their own so far."""

SAID = (
    "the database is reached through a pooler that gives each transaction another session, as "
    "PgBouncer does with pool_mode = transaction. No lock and no limit would hold there, and "
    "somebody else could migrate at the same time. Connect to the server itself: put its own host "
    "and port into the settings for this run, or under an alias of their own (--database ALIAS)"
)


class SharedSessionError(Exception):
    """What holds for a session would not hold for us."""

    def __init__(self):
        super().__init__(SAID)


def expect_own_session(connection):
    """Raise SharedSessionError where a transaction may find itself in another session.

    A server tells at login which process it answers from. A pooler can't, since that changes; so
    most connections have nothing between them and the server, and are asked once.
    """
    if _process(connection) != connection.connection.info.backend_pid and _is_shared(connection):
        raise SharedSessionError


def _is_shared(connection):
    """Say whether two connections meet in one session, or one of them changes its own."""
    ours = set()
    with contextlib.closing(own_connection(connection)) as other:
        for _ in range(ROUNDS):
            ours.add(_process(connection))
            if len(ours) > 1 or _process(other) in ours:
                return True
    return False


def _process(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]
