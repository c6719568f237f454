"""Points Django's connections at scratch databases for a while, and back again."""

import contextlib
import os
import warnings

IN_MEMORY = "django.core.mail.backends.locmem.EmailBackend"

UNSYNCHRONISED = {
    "sqlite": "PRAGMA synchronous = OFF",
    "postgresql": "SET synchronous_commit = off",
}
"""What tells an engine not to wait for the disk, where a connection can say so.

https://www.sqlite.org/pragma.html#pragma_synchronous,
https://www.postgresql.org/docs/current/wal-async-commit.html
"""


def renamed(alias, name):
    """Let ``alias`` mean the database ``name`` on the same server until the block ends."""
    return pointed(alias, {"NAME": name})


@contextlib.contextmanager
def pointed(alias, changes):
    """Let ``alias`` mean the database that its settings with ``changes`` name, for a block.

    The settings are changed in place, as Django's own test runner does, so that code which
    reads ``settings.DATABASES`` or opens a connection of its own gets the same database.
    """
    from django.conf import settings
    from django.db import connections

    connection = connections[alias]
    places = (connection.settings_dict, settings.DATABASES[alias])
    before = [dict(place) for place in places]
    _leave(connection)
    for place in places:
        place.update(changes)
    try:
        yield connection
    finally:
        _leave(connection)
        for place in places:
            place.clear()
            place.update(before.pop(0))


@contextlib.contextmanager
def unsynchronised(alias):
    """Let no connection of ``alias`` wait for the disk until the block ends.

    For databases that are worth nothing once their run is over, or the power fails.
    """
    from django.db.backends.signals import connection_created

    def ask(connection, **_):
        statement = UNSYNCHRONISED.get(connection.vendor)
        if connection.alias == alias and statement is not None:
            with contextlib.closing(connection.connection.cursor()) as cursor:
                cursor.execute(statement)

    connection_created.connect(ask)
    try:
        yield
    finally:
        connection_created.disconnect(ask)


def _leave(connection):
    """Close a connection, and forget what was learned of its server: the next may be another."""
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    for thing in (connection, connection.features):
        for name in [name for name in vars(thing) if _is_learned(thing, name)]:
            del vars(thing)[name]


def _is_learned(thing, name):
    from django.utils.functional import cached_property

    return isinstance(getattr(type(thing), name, None), cached_property)


@contextlib.contextmanager
def schema_connection(alias, exists):
    """Yield a connection to generate SQL on. A SQLite file that is missing stays missing."""
    from django.db import connections

    if exists:
        yield connections[alias]
        return
    with renamed(alias, ":memory:") as connection:
        yield connection


class OtherDatabaseError(Exception):
    """A migration wrote to a database other than the one that is rehearsed."""


@contextlib.contextmanager
def others_guarded(alias):
    """Refuse writes to every other database while migrations are rehearsed."""
    from django.db import connections

    def refuse_writes(execute, sql, params, many, context):
        if str(sql).lstrip("( \n\t").upper().startswith(("SELECT", "PRAGMA", "EXPLAIN", "SHOW")):
            return execute(sql, params, many, context)
        other = context["connection"].alias
        raise OtherDatabaseError(f"it writes to the database {other!r}: {str(sql)[:200]}")

    with contextlib.ExitStack() as stack:
        for other in connections:
            if other != alias and not _same_database(connections[other], connections[alias]):
                stack.enter_context(connections[other].execute_wrapper(refuse_writes))
        yield


def _same_database(one, other):
    keys = ("NAME", "HOST", "PORT")
    return one.vendor == other.vendor and all(
        one.settings_dict.get(key) == other.settings_dict.get(key) for key in keys
    )


@contextlib.contextmanager
def mail_kept():
    """Keep mail that a data migration sends in memory, where nobody receives it."""
    from django.conf import settings

    before = dict(_mail_settings(settings))
    for name, value in before.items():
        several = name == "MAILERS"
        kept = {alias: {"BACKEND": IN_MEMORY} for alias in value} if several else IN_MEMORY
        _set(settings, name, kept)
    try:
        yield
    finally:
        for name, value in before.items():
            _set(settings, name, value)


def _mail_settings(settings):
    """Yield the settings that say where mail goes: from Django 6.1 on it may be either."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("EMAIL_BACKEND", "MAILERS"):
            if hasattr(settings, name):
                yield name, getattr(settings, name)


def _set(settings, name, value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        setattr(settings, name, value)


def forget(path):
    """Remove a SQLite file with everything that SQLite may have put beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.fspath(path) + suffix)
