"""Tells a migration that failed from a scratch database that failed under it."""

from _migration_workflow_agent.driver_error import sqlstate

FULL_OR_GONE = ("08", "53", "57P", "58")
"""How the states begin with which PostgreSQL says that it can't go on, whatever is asked of it
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

MYSQL_FULL = {1021, 1041, 1053, 1114}
"""The numbers with which MariaDB says that disk or memory are full, or that it ends."""

SQLITE_FULL = "database or disk is full"


class ScratchLostError(Exception):
    """The scratch database is full or gone: nothing is known of the migration then."""


def expect_kept(connection, failure):
    """Raise ScratchLostError where a migration failed because its database did."""
    cause = failure.__cause__
    if _says_so(cause) or _is_gone(connection):
        name = f"{failure.migration.app_label}.{failure.migration.name}"
        said = " ".join(str(cause).split())
        raise ScratchLostError(
            f"the scratch database failed while {name} ran on it, so nothing is known of that "
            f"migration: {said}"
        ) from cause


def _says_so(cause):
    from django.db import DatabaseError

    if not isinstance(cause, DatabaseError):
        return False
    numbers = [one for one in getattr(cause.__cause__, "args", ())[:1] if one in MYSQL_FULL]
    state = sqlstate(cause) or ""
    return bool(numbers) or state.startswith(FULL_OR_GONE) or SQLITE_FULL in str(cause)


def _is_gone(connection):
    """Say whether the server takes no new connection. A migration may have closed the old one."""
    from django.db import Error

    if connection.vendor == "sqlite":
        return False
    connection.close()
    try:
        connection.ensure_connection()
    except Error:
        return True
    return False
