"""Sessions of our own on a database server, which nothing of the project knows of."""

import hashlib

NO_DB_ALIAS = "__no_db__"
"""What Django calls connections of its own to a server; it keeps them out of its pools."""

MAINTENANCE = "postgres"
"""The database that is there on every PostgreSQL server, to connect to while others are made."""

YEAR_SECONDS = 31536000
"""The longest that a session of MySQL may be told to wait."""


class ServerSession:
    """A session on a server, apart from the project's own connection, with its settings."""

    def __init__(self, connection, settings):
        self._settings = settings
        self._kind = type(connection)
        self._connection = None

    def connection_to(self, name):
        """Return a connection to a database of the server, not opened, and in no pool."""
        return self._kind({**self._settings, "NAME": name, "AUTOCOMMIT": True}, NO_DB_ALIAS)

    def close(self):
        """End the session, and its locks with it."""
        self._connection.close()

    def run(self, sql, params=None):
        """Run a statement; return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall()) if cursor.description else []

    def quoted(self, name):
        """Return a name as it is written in SQL."""
        return self._connection.ops.quote_name(name)


def own_connection(connection):
    """Return a second connection to the same database."""
    own = connection.copy()
    own.settings_dict["AUTOCOMMIT"] = True
    own.settings_dict["OPTIONS"].pop("pool", None)
    return own


def advisory_key(name):
    """Return the number that stands for a name among PostgreSQL's advisory locks."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
