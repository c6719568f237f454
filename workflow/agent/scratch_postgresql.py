"""Scratch databases on a PostgreSQL server.

A copy is made by the server itself where nobody else is connected to the database
(https://www.postgresql.org/docs/current/manage-ag-templatedbs.html), and else by ``pg_dump`` and
``pg_restore``, which read one snapshot while others write.
"""

import contextlib
import time

from _migration_workflow_agent import programs, sampling, sampling_postgresql
from _migration_workflow_agent.driver_error import sqlstate
from _migration_workflow_agent.fingerprint import fingerprint, schema
from _migration_workflow_agent.naming import NoScratchDatabaseError
from _migration_workflow_agent.pooler import SharedSessionError, expect_own_session
from _migration_workflow_agent.server_session import MAINTENANCE, ServerSession, advisory_key

IN_USE, NO_RIGHT, LOCK_NOT_AVAILABLE = "55006", "42501", "55P03"
"""What the server answers where a database is in use, and where one lacks a right."""

UNKNOWN, TAKEN = "3D000", "42P04"
"""What it answers where there is no database of a name, and where there is one already."""

OTHER_TRAITS = {"22023", "42809"}
"""What it answers where a template, or the server itself, has another encoding or order."""

LEAVE_SECONDS = 0.5
"""How long a session may take to be gone from the server's list after it was closed."""

PLAIN = " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"

ITS_VARIABLES = {
    "dbname": "PGDATABASE",
    "application_name": "PGAPPNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
"""The variables of libpq whose names are not made of the parameter's, without underscores."""

PARAMETERS = (
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "passfile",
    "service",
    "servicefile",
    "options",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslcrl",
    "ssl_min_protocol_version",
    "channel_binding",
    "require_auth",
    "gssencmode",
    "krbsrvname",
    "target_session_attrs",
    "application_name",
    "connect_timeout",
)
"""Parameters of a connection that the programs take from variables: nothing of them is seen in a
list of processes (https://www.postgresql.org/docs/current/libpq-envars.html)."""


class Server(ServerSession):
    """A session on the server, apart from the database: it makes, locks and drops databases.

    The locks are those of the maintenance database, and end with this session.
    """

    def __init__(self, connection, settings):
        super().__init__(connection, settings)
        self._connection = self.connection_to(MAINTENANCE)
        try:
            self._connection.ensure_connection()
        except Exception:  # noqa: BLE001 - not everybody may connect there
            self._connection = self.connection_to(settings["NAME"])
            self._connection.ensure_connection()
        try:
            expect_own_session(self._connection)
        except SharedSessionError as error:  # another server may do
            raise NoScratchDatabaseError(str(error)) from error
        if self._connection.pg_version >= 140000:
            self.run("SET idle_session_timeout = 0")

    def names(self, beginning):
        """Return the databases whose names begin so."""
        rows = self.run(
            "SELECT datname FROM pg_database WHERE left(datname, %s) = %s",
            [len(beginning), beginning],
        )
        return [name for (name,) in rows]

    def is_used(self, name):
        """Say whether somebody stays connected to a database. We ourselves have just left it."""
        query = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        until = time.monotonic() + LEAVE_SECONDS
        while self.run(query, [name]):
            if time.monotonic() > until:
                return True
            time.sleep(0.02)
        return False

    def lock(self, name):
        """Take the lock of a name for as long as this session lives; say whether it was free."""
        ((is_ours,),) = self.run("SELECT pg_try_advisory_lock(%s)", [advisory_key(name)])
        return is_ours

    def create(self, name, template, clauses=""):
        """Create a database from another one."""
        quoted = self.quoted(template)
        self.run(f"CREATE DATABASE {self.quoted(name)} TEMPLATE {quoted}{clauses}")

    def drop(self, name):
        """Drop a database with whoever is connected to it."""
        if not self._connection.is_usable():
            self._connection.close()
        if self._connection.pg_version >= 130000:
            self.run(f"DROP DATABASE IF EXISTS {self.quoted(name)} WITH (FORCE)")
            return
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        self.run(f"DROP DATABASE IF EXISTS {self.quoted(name)}")

    def drop_unused(self, name):
        """Drop a database unless somebody is connected to it."""
        with _passing(IN_USE):
            self.run(f"DROP DATABASE IF EXISTS {self.quoted(name)}")

    def create_from(self, template, name):
        """Copy a database that nobody is connected to; say whether that could be done.

        Another run may have dropped it meanwhile, or somebody may look at it.
        """
        from django.db import DatabaseError

        try:
            self.create(name, template)
        except DatabaseError as error:
            if sqlstate(error) not in {IN_USE, NO_RIGHT, UNKNOWN}:
                raise
            return False
        return True

    def comment(self, name):
        """Return the comment on a database, ``None`` where there is neither."""
        found = self.run(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        )
        return found[0][0] if found else None

    def close_to_all(self, name, comment):
        """Let nobody connect to a database any more, and write a comment on it."""
        self.run(f"ALTER DATABASE {self.quoted(name)} ALLOW_CONNECTIONS false")
        self.write_comment(name, comment)

    def write_comment(self, name, comment):
        """Write a comment on a database, unless it was dropped meanwhile."""
        with _passing(UNKNOWN):
            self.run(f"COMMENT ON DATABASE {self.quoted(name)} IS {_literal(comment)}")

    def closed(self, beginning):
        """Return the databases that we may drop and nobody can connect to, whose names begin so.

        Each with its comment, ``None`` where it has none.
        """
        return self.run(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database "
            "WHERE left(datname, %s) = %s AND NOT datallowconn AND pg_has_role(datdba, 'USAGE')",
            [len(beginning), beginning],
        )

    def rename(self, name, new):
        """Rename a database; say whether the new name was free."""
        from django.db import DatabaseError

        try:
            self.run(f"ALTER DATABASE {self.quoted(name)} RENAME TO {self.quoted(new)}")
        except DatabaseError as error:
            if sqlstate(error) != TAKEN:
                raise
            return False
        return True

    @property
    def version(self):
        """The server's version as a number: 150018 for 15.18."""
        return self._connection.pg_version

    def set_for(self, database, name, value):
        """Set something for a database, where one may. Lists are written as they were read."""
        literal = value if name == "search_path" else _literal(value)
        with _passing(NO_RIGHT):
            self.run(f"ALTER DATABASE {self.quoted(database)} SET {self.quoted(name)} TO {literal}")


def empty(server, connection, name):
    """Make an empty database like that of a connection, with the schemas that it looks into."""
    schemas = rows(connection, "SELECT unnest(current_schemas(false))")
    make_alike(server, connection, name, template="template1")
    scratch = server.connection_to(name)
    with contextlib.closing(scratch), scratch.cursor() as cursor:
        for (one,) in schemas:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {server.quoted(one)}")


def copy(server, connection, name, databases):
    """Make a copy of a connection's database; return the fingerprint that it must have.

    Raises UnreadableError where that can't be read whole.
    """
    expect_own_session(connection)
    ((size,),) = rows(connection, "SELECT pg_database_size(current_database())")
    fits = databases.fits(size)
    if fits and databases.server is None:
        expected = _copied_by_server(server, connection, name)
        if expected is not None:
            return expected
    make_alike(server, connection, name, "template0")
    with _Dump(server, connection, name, databases) as dump:
        return dump.whole() if fits else dump.sampled()


@contextlib.contextmanager
def _reading(connection):
    """Raise UnreadableError where a table can't be read, or somebody keeps readers out of it."""
    from django.db import DatabaseError

    rows(connection, f"SET lock_timeout = '{LOCK_SECONDS}s'")
    try:
        yield
    except DatabaseError as error:
        if sqlstate(error) not in (NO_RIGHT, LOCK_NOT_AVAILABLE):
            raise
        raise programs.UnreadableError(" ".join(str(error).split())) from error


def _copied_by_server(server, connection, name):
    """Let the server copy; return ``None`` where somebody is connected, or we may not read all.

    Whoever wants to connect waits until it is copied.
    """
    from django.db import connections

    with _reading(connection):
        expected, settings = fingerprint(connection), settings_of(connection)
    ((source,),) = rows(connection, "SELECT current_database()")
    connections.close_all()
    close_pool(connection)
    if server.is_used(source):
        return None
    if not server.create_from(source, name):
        return None
    for setting, value in settings:
        server.set_for(name, setting, value)
    return expected


def make_alike(server, connection, name, template):
    """Make a database of the same encoding, order and settings as that of a connection.

    Where the template has another order, or another server does not know this one, the next
    best is made.
    """
    from django.db import DatabaseError

    traits = traits_of(connection)
    ways = [(template, traits), ("template0", traits), ("template0", PLAIN)]
    for number, way in enumerate(ways, 1):
        try:
            server.create(name, *way)
            break
        except DatabaseError as error:
            if number == len(ways) or sqlstate(error) not in OTHER_TRAITS:
                raise
    for setting, value in settings_of(connection):
        server.set_for(name, setting, value)


def settings_of(connection):
    """Return what is set for a database itself, such as its search path, as names and values."""
    found = rows(
        connection,
        "SELECT unnest(setconfig) FROM pg_db_role_setting "
        "JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole "
        "WHERE datname = current_database() AND (setrole = 0 OR rolname = current_user) "
        "ORDER BY setrole",
    )
    return [line.partition("=")[::2] for (line,) in found]


def traits_of(connection):
    """Return the clauses that make another database of the same encoding and order."""
    ((encoding, collate, ctype, provider, locale),) = rows(
        connection,
        "SELECT pg_encoding_to_char(encoding), datcollate, datctype, "
        "to_jsonb(d)->>'datlocprovider', "
        "coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') "
        "FROM pg_database d WHERE datname = current_database()",
    )
    words = {"ENCODING": encoding, "LC_COLLATE": collate, "LC_CTYPE": ctype}
    if provider == "i":
        words.update(LOCALE_PROVIDER="icu", ICU_LOCALE=locale)
    elif provider == "b":
        words.update(LOCALE_PROVIDER="builtin", BUILTIN_LOCALE=locale)
    return "".join(f" {word} {_literal(value)}" for word, value in words.items())


def likeness(server, connection):
    """Return all that a database has from ``empty`` beside its name, and from which server."""
    schemas = rows(connection, "SELECT unnest(current_schemas(false))")
    return [server.version, traits_of(connection), settings_of(connection), schemas]


def rows(connection, sql):
    """Return what a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


class _Dump:
    """A database that is filled from another, all of it from one snapshot: others may write."""

    def __init__(self, server, connection, name, databases):
        from django.db import transaction

        self._connection, self._scratch = connection, server.connection_to(name)
        self._databases = databases
        self._programs = _programs(connection, databases.programs)
        self._transaction = transaction.atomic(using=connection.alias)

    def __enter__(self):
        self._transaction.__enter__()
        rows(self._connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        ((self._snapshot,),) = rows(self._connection, "SELECT pg_export_snapshot()")
        return self

    def __exit__(self, *error):
        self._transaction.__exit__(*error)
        self._scratch.close()

    def whole(self):
        """Fill in everything; return the fingerprint of what was read."""
        self._run()
        rows(self._scratch, "ANALYZE")
        with _reading(self._connection):
            return fingerprint(self._connection)

    def sampled(self):
        """Fill in the schema and a sample of the rows; return the schema."""
        with _reading(self._connection):
            expected = {"schema": schema(self._connection), "rows": {}}
        self._run("--section=pre-data")
        with _reading(self._connection):
            source = sampling_postgresql.Source(self._connection)
            taken = sampling.sample(source)
        sampling_postgresql.write(self._scratch, source, taken)
        self._run("--section=post-data")
        rows(self._scratch, "ANALYZE")
        self._databases.tell_sample(sum(map(len, taken.values())), source.rows)
        return expected

    def _run(self, *words):
        role = _role(self._connection)
        what = [f"--snapshot={self._snapshot}", "--format=custom", "--compress=0", *words]
        what.append(f"--lock-wait-timeout={LOCK_SECONDS}s")
        programs.piped(
            (
                [self._programs[0], *what, "--no-subscriptions", *NOT_OURS, *role],
                variables(self._connection),
            ),
            ([self._programs[1], "--dbname=", *NOT_OURS, *role], variables(self._scratch)),
            is_harmless=_is_only_newer,
        )


LOCK_SECONDS = 60
"""How long a copy waits for somebody who keeps readers out of a table, as ``LOCK TABLE`` does."""

NOT_OURS = ("--no-owner", "--no-privileges")
"""What of a database is left out: who owns what, and who may do what."""


def variables(connection):
    """Return the variables that let the programs connect as a connection does."""
    parameters = connection.get_connection_params()
    found = {name: parameters[name] for name in (*PARAMETERS, "dbname") if parameters.get(name)}
    return {
        ITS_VARIABLES.get(name, "PG" + name.replace("_", "").upper()): str(value)
        for name, value in found.items()
    }


def _programs(connection, more):
    """Return the pair of the server's own version, or the next newer one that there is.

    An older one refuses: it can't know what the server has learned since.
    """
    wanted = connection.pg_version // 10000
    pairs = programs.together(("pg_dump", "pg_restore"), more)
    found = [(programs.major_version(pair[0]), pair) for pair in pairs]
    found.sort(key=lambda one: one[0])
    for version, pair in found:
        if version >= wanted:
            return pair
    there = f"pg_dump {found[-1][0]} is older than that" if found else "there is no pg_dump"
    raise NoScratchDatabaseError(
        f"a copy of a database that others are connected to, or a sample of it, takes pg_dump "
        f"{wanted} or newer; {there}. Install postgresql-client-{wanted} where the project runs, "
        "or let nobody else be connected"
    )


def _is_only_newer(said):
    """Say whether a newer pg_restore only set what this server does not know yet."""
    errors = [line for line in said.splitlines() if ": error: " in line]
    return bool(errors) and all("unrecognized configuration parameter" in one for one in errors)


def _role(connection):
    role = connection.settings_dict["OPTIONS"].get("assume_role")
    return [f"--role={role}"] if role else []


def close_pool(connection):
    """Close the pool of a connection, where Django has one for it."""
    if hasattr(connection, "close_pool"):
        connection.close_pool()


@contextlib.contextmanager
def _passing(state):
    """Pass over what the server answers with one state."""
    from django.db import DatabaseError

    try:
        yield
    except DatabaseError as error:
        if sqlstate(error) != state:
            raise


def _literal(text):
    return "'" + str(text).replace("'", "''") + "'"
