"""Scratch databases on a MariaDB or MySQL server.

A copy is made by the server's own dump program, which reads one snapshot while others write
(https://mariadb.com/kb/en/mariadb-dump/, ``--single-transaction``).
"""

import contextlib
import functools
import tempfile

from _migration_workflow_agent import programs, sampling, sampling_mysql
from _migration_workflow_agent.fingerprint import fingerprint, schema
from _migration_workflow_agent.naming import NoScratchDatabaseError
from _migration_workflow_agent.server_session import YEAR_SECONDS, ServerSession

WORDS = {"passwd": "password", "unix_socket": "socket"}
"""What the driver calls a part of the address, and what the programs call it."""

ADDRESS = ("host", "port", "user", "password", "passwd", "unix_socket")
TLS = ("ca", "cert", "key", "capath", "cipher")

DUMP = (
    "--single-transaction",
    "--quick",
    "--hex-blob",
    "--skip-comments",
    "--skip-lock-tables",
    "--skip-add-locks",
    "--no-tablespaces",
)
FOR_MYSQL = ("--set-gtid-purged=OFF", "--column-statistics=0")
"""Words that only the dump program of MySQL needs, and only it understands."""


class Server(ServerSession):
    """A session on the server without a database: it makes, locks and drops databases."""

    def __init__(self, connection, settings):
        super().__init__(connection, settings)
        self._connection = self.connection_to(None)
        self.run(f"SET SESSION wait_timeout = {YEAR_SECONDS}")

    def names(self, beginning):
        """Return the databases whose names begin so."""
        found = self.run(
            "SELECT schema_name FROM information_schema.schemata WHERE left(schema_name, %s) = %s",
            [len(beginning), beginning],
        )
        return [name for (name,) in found]

    def lock(self, name):
        """Take the lock of a name for as long as this session lives; say whether it was free."""
        ((taken,),) = self.run("SELECT GET_LOCK(%s, 0)", [name])
        return taken == 1

    def create(self, name, charset, collation):
        """Create a database."""
        self.run(f"CREATE DATABASE {self.quoted(name)} CHARACTER SET {charset} COLLATE {collation}")

    def drop(self, name):
        """Drop a database."""
        if not self._connection.is_usable():
            self._connection.close()
        self.run(f"DROP DATABASE IF EXISTS {self.quoted(name)}")

    drop_unused = drop


def empty(server, connection, name):
    """Make an empty database of the same character set and order as that of a connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_database, @@collation_database")
        server.create(name, *cursor.fetchone())


def copy(server, connection, name, databases):
    """Make a copy of a connection's database; return the fingerprint that it must have.

    Of a table that others write to meanwhile it holds no number of rows.
    """
    empty(server, connection, name)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables "
            "WHERE table_schema = DATABASE()"
        )
        fits = databases.fits(cursor.fetchone()[0])
    run = functools.partial(_dump, server, connection, name, databases)
    return _whole(connection, run) if fits else _sampled(server, connection, name, databases, run)


def _whole(connection, run):
    before = fingerprint(connection)
    run("--routines", "--triggers")
    after = fingerprint(connection)["rows"]
    rows = {table: count for table, count in before["rows"].items() if after.get(table) == count}
    return {**before, "rows": rows}


def _sampled(server, connection, name, databases, run):
    from django.db import transaction

    run("--no-data", "--routines", "--skip-triggers")
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with transaction.atomic(using=connection.alias):
        source = sampling_mysql.Source(connection)
        taken = sampling.sample(source)
    scratch = server.connection_to(name)
    with contextlib.closing(scratch):
        sampling_mysql.write(scratch, source, taken)
    run("--no-data", "--no-create-info", "--triggers")
    databases.tell_sample(sum(map(len, taken.values())), source.rows)
    connection.close()
    return {"schema": schema(connection), "rows": {}}


def _dump(server, connection, name, databases, *more):
    """Let the dump program write, and the client read, what ``more`` says."""
    parameters = connection.get_connection_params()
    (dump, restore), words = _programs(connection, databases.programs)
    to_server = server.connection_to(None).get_connection_params()
    with options(parameters, databases.folder) as source:
        with options(to_server, databases.folder) as target:
            argv = [dump, f"--defaults-file={source}", *words, *more, parameters["database"]]
            programs.piped(
                (argv, {}), ([restore, f"--defaults-file={target}", "--binary-mode", name], {})
            )


@contextlib.contextmanager
def options(parameters, folder):
    """Yield an option file, for this user alone, that lets the programs connect as the driver does.

    Its form: https://mariadb.com/kb/en/configuring-mariadb-with-option-files/
    """
    lines = [f"!include {path}" for path in [parameters.get("read_default_file")] if path]
    lines.append("[client]")
    lines += [
        f"{WORDS.get(name, name)} = {_quoted(parameters[name])}"
        for name in ADDRESS
        if parameters.get(name)
    ]
    tls = parameters.get("ssl") or {}
    lines += [f"ssl-{name} = {_quoted(tls[name])}" for name in TLS if tls.get(name)]
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".cnf", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
        file.flush()
        yield file.name


def _quoted(value):
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _programs(connection, more):
    """Return the pair of dump and client that fits the server, and the words for the first."""
    pairs = [("mariadb-dump", "mariadb"), ("mysqldump", "mysql")]
    if not connection.mysql_is_mariadb:
        pairs.reverse()
    for names in pairs:
        for pair in programs.together(names, more):
            is_mysqls = "MariaDB" not in programs.described(pair[0])
            return pair, [*DUMP, *(FOR_MYSQL if is_mysqls else ())]
    package = "mariadb-client" if connection.mysql_is_mariadb else "mysql-client"
    raise NoScratchDatabaseError(
        f"a copy takes {pairs[0][0]}, which is not there. Install {package} where the project runs"
    )
