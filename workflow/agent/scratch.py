"""Points Django's connections at scratch databases for a while, and back again."""

import contextlib
import os
import warnings

IN_MEMORY = "django.core.mail.backends.locmem.EmailBackend"


@contextlib.contextmanager
def renamed(alias, name):
    """Let ``alias`` mean the SQLite file ``name`` until the block ends.

    The settings are changed in place, as Django's own test runner does, so that code which
    reads ``settings.DATABASES`` or opens a connection of its own gets the same file.
    """
    from django.conf import settings
    from django.db import connections

    connection = connections[alias]
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    settings.DATABASES[alias]["NAME"] = name
    try:
        yield connection
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        settings.DATABASES[alias]["NAME"] = before


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
