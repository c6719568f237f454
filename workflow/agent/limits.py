"""How long statements may wait for a lock, and how long they may run, as each server is told.

A statement that waits for a lock is what everybody behind it waits for in turn. So the limit is
on the connection: it holds for whatever a migration executes there, RunSQL and RunPython
included, and for the connection that Django opens when a migration has closed this one.
"""

import contextlib
import math

from _migration_workflow_agent.driver_error import sqlstate
from django.db.backends.signals import connection_created

LOCK_ERRORS = {
    "postgresql": {"55P03", "40P01"},
    "mysql": {1205},
    "sqlite": {"database is locked", "database table is locked"},
}
"""What a server says of a lock that it did not get; PostgreSQL also of a deadlock that it broke
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

STATEMENT_ERRORS = {"postgresql": {"57014"}, "mysql": {1969, 3024}, "sqlite": set()}


class Patience:
    """What was asked for, in seconds.

    ``lock``: how long a statement waits for a lock. ``total``: how long it is tried again after
    that. ``statement``: how long a statement may run; ``None`` for as long as it takes.
    """

    def __init__(self, lock, total, statement=None):
        self.lock = lock
        self.total = total
        self.statement = statement


@contextlib.contextmanager
def limited(connection, patience):
    """Keep the limits on every connection to this database that is opened in this block."""

    def limit(connection, **_):
        if connection.alias == alias:
            set_limits(connection, patience)

    alias = connection.alias
    connection_created.connect(limit, weak=False)
    try:
        if connection.connection is not None:
            set_limits(connection, patience)
        yield
    finally:
        connection_created.disconnect(limit)


def set_limits(connection, patience):
    """Tell the server. A limit that a migration has set itself lasts until the next one begins."""
    from _migration_workflow_agent.migrating import unheard

    with unheard(connection), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _set_postgresql(cursor, patience)
        elif connection.vendor == "mysql":
            _set_mysql(connection, cursor, patience)
        elif connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {_milliseconds(patience.lock)}")


def _set_postgresql(cursor, patience):
    set_lock_limit(cursor, patience.lock)
    if patience.statement is not None:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, false)",
            [str(_milliseconds(patience.statement))],
        )


def set_lock_limit(cursor, seconds):
    """Tell PostgreSQL how long to wait for a lock."""
    cursor.execute("SELECT set_config('lock_timeout', %s, false)", [str(_milliseconds(seconds))])


def _set_mysql(connection, cursor, patience):
    seconds = max(1, math.ceil(patience.lock))  # there are no parts of a second
    cursor.execute("SET SESSION lock_wait_timeout = %s", [seconds])
    cursor.execute("SET SESSION innodb_lock_wait_timeout = %s", [seconds])
    if patience.statement is not None and connection.mysql_is_mariadb:
        cursor.execute("SET SESSION max_statement_time = %s", [patience.statement])
    elif patience.statement is not None:
        cursor.execute(  # MySQL limits nothing but SELECT
            "SET SESSION max_execution_time = %s", [_milliseconds(patience.statement)]
        )


def _milliseconds(seconds):
    return max(1, round(seconds * 1000))


def is_of_lock(vendor, error):
    """Say whether an error, or what it came from, is of a lock that was not to be had in time."""
    return _said(vendor, error, LOCK_ERRORS)


def is_of_time(vendor, error):
    """Say whether an error, or what it came from, is of a statement that ran too long."""
    return _said(vendor, error, STATEMENT_ERRORS)


def _said(vendor, error, table):
    codes, seen = table.get(vendor, ()), set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if _code(vendor, error) in codes:
            return True
        error = error.__cause__ or error.__context__
    return False


def _code(vendor, error):
    if vendor == "postgresql":
        return sqlstate(error)
    return error.args[0] if error.args and isinstance(error.args[0], (int, str)) else None
