"""The names of scratch databases on a server: whose each is, and whether anybody uses it.

A name says which project and which database it belongs to. Whether its run still lives is not a
matter of age: the run holds a lock of that name on the server, which the server takes back
however the run ends. So what is swept belongs to nobody, and to no other project.
"""

import contextlib
import hashlib
import os
import time

PREFIX = "migration_workflow_scratch"
"""How the name of every scratch database begins. A server's names have 63 letters at most."""


class NoScratchDatabaseError(Exception):
    """No scratch database could be had. The message says why, and what would help."""


def mine(project, database):
    """Return how the names of one project's scratch databases for one database begin."""
    return f"{PREFIX}_{digest_of_names(project, database)}_"


def digest_of_names(project, *names):
    """Return what stands in the name of a database for a project and something of it."""
    text = "\0".join([os.path.realpath(project), *map(str, names)])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:10]


@contextlib.contextmanager
def named(server, beginning):
    """Yield a name that nobody else uses; at the end, drop the database that it then names.

    Before that, the databases that killed runs left behind are dropped.
    """
    sweep(server, beginning)
    name = beginning + time.strftime("%Y%m%d%H%M%S_", time.gmtime()) + os.urandom(3).hex()
    server.lock(name)
    try:
        yield name
    except BaseException:
        with contextlib.suppress(Exception):  # the server may be gone: a later run sweeps it
            server.drop(name)
        raise
    server.drop(name)


def sweep(server, beginning):
    """Drop the databases whose run is no longer alive."""
    for name in left_behind(server, beginning):
        server.drop_unused(name)


def left_behind(server, beginning):
    """Return the databases whose run is no longer alive. From now on their locks are ours."""
    return [name for name in server.names(beginning) if server.lock(name)]
