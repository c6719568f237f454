"""Takes copies of a database aside while its plan runs, to be kept if the run ends well."""

import contextlib
import hashlib
import json
import sqlite3

from _migration_workflow_agent import catalog
from _migration_workflow_agent.fingerprint import fingerprint
from _migration_workflow_agent.migrating import Watcher, unheard
from django.db import Error


class Checkpoints(Watcher):
    """Stages the database at some places of a plan, counted in migrations that it has then.

    A copy is taken before ``post_migrate`` is sent: what that brings, such as content types, the
    migrations of one run do not find there, and must not in the next one either.
    ``rows`` are the numbers of rows at the last place, before that signal; ``None`` where nothing
    ran.
    """

    def __init__(self, connection, shelf, done, places):
        self.rows = None
        self._connection = connection
        self._shelf = shelf
        self._done = done
        self._places = places
        self._last = max(places)

    def end(self, migration):  # noqa: ARG002 - what every watcher takes
        """Stage the database if it is at one of the places."""
        self._done += 1
        if self._done in self._places:
            with unheard(self._connection):
                self._stage()
        return {}

    def _stage(self):
        is_last, is_wanted = self._done == self._last, not self._shelf.has(self._done)
        if not (is_last or is_wanted):
            return
        found = looked_at(self._connection)
        if is_last:
            self.rows = found["rows"]
        if is_wanted and not self._connection.in_atomic_block:
            # What is not kept costs time alone: a full disk is no fault of the migration.
            with contextlib.suppress(Error, OSError, sqlite3.Error):
                self._shelf.stage(self._connection, self._done, {"state": state_of(found)})


def looked_at(connection):
    """Return what tells one database from another: schema, history and numbers of rows.

    The catalog of a server knows of tables what its fingerprint does not, such as triggers.
    """
    found = fingerprint(connection)
    if connection.vendor != "sqlite":
        found["tables"] = catalog.digests(connection)
    return found


def state_of(found):
    """Return what was looked at as one digest."""
    return hashlib.sha256(json.dumps(found, sort_keys=True, default=str).encode()).hexdigest()
