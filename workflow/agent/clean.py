"""Builds the schema from nothing, goes back, goes forward again, and compares.

What the first migrations of the plan made of an empty database in an earlier run is not made again
while nothing has changed that they depend on: the run begins with a copy of it (``kept.py``).
"""

import sqlite3

from _migration_workflow_agent.backwards import Backwards
from _migration_workflow_agent.channel import hide
from _migration_workflow_agent.checkpoints import Checkpoints, looked_at, state_of
from _migration_workflow_agent.fingerprint import difference, fingerprint
from _migration_workflow_agent.kept import NotTrustedError, shelf_of
from _migration_workflow_agent.lost import expect_kept
from _migration_workflow_agent.migrating import (
    MigrationFailedError,
    Recorder,
    forget_caches,
    migrate,
)
from _migration_workflow_agent.orders import Orders
from _migration_workflow_agent.plan import keys
from _migration_workflow_agent.prefix import Prefixes
from _migration_workflow_agent.rendering import Executor
from _migration_workflow_agent.scratch import mail_kept, others_guarded
from _migration_workflow_agent.scratch_databases import ScratchDatabases


def clean(session, database, scratch, where, main, keep=True):  # noqa: PLR0913, PLR0917 - words
    """Return what happened on an empty database: up, back to ``main``, and up again.

    ``main`` lists the migrations that the main branch has; ``None`` takes the project's own
    apps back to nothing. To a database that has those already the others may come in another
    order than to an empty one: then that way is gone as well, and both schemas are compared.
    ``keep``: whether the next run may begin with what this one built.
    """
    from django.db import connections

    databases = ScratchDatabases(scratch, session.project, **where)
    orders = Orders(session.own_labels(), main)
    prefixes = Prefixes(connections[database])
    digests = prefixes.of(orders.plan)
    of_main = prefixes.of(orders.before) if orders.differ else []
    run = ThereAndBack(session, databases, database, orders)
    run.shelf.keeps = keep
    run.build(digests, of_main)
    result = {**run.result, "evidence": run.rows, "after_main": None}
    schema = result.pop("schema", None)
    if run.went_well and orders.differ:
        other = AfterMain(session, databases, database, orders)
        other.shelf.keeps = keep
        other.build(of_main, digests)
        result["evidence"] += other.rows
        result["after_main"] = other.compared_with(schema)
    if run.shelf.room:
        told = {"migrations": run.begun_with, "of": len(orders.plan), "ends": prefixes.limit}
        databases.told["kept"] = {**told, "failed": run.not_kept}
    session.forget()
    return {**result, "scratch": databases.told}


class Build:
    """One database that is built, beginning with a kept one where that can be had.

    ``plan`` is what is built, ``result`` what came of it, and ``rows`` the evidence.
    ``begun_with`` is how many migrations the kept database had, ``not_kept`` why this one could
    not be kept in turn.
    """

    def __init__(self, session, databases, alias, orders):
        self.session = session
        self.databases = databases
        self.alias = alias
        self.orders = orders
        self.plan = orders.plan
        self.shelf = shelf_of(databases, alias)
        self.begun_with = 0
        self.not_kept = None
        self.rows = []
        self.result = {}

    @property
    def went_well(self):
        """Whether nothing failed, and the way back and forward again led to the same schema."""
        return self.result["failed"] is None and not self.result["differences"]

    def build(self, digests, others):
        """Build. ``digests`` are those of the beginnings of this plan, ``others`` of another.

        With a kept database that is not what its record says, or that something else than a
        migration fails on, it is done again from nothing.
        """
        self.shelf.prepare(digests, others)
        try:
            self._build()
        except NotTrustedError:
            self.shelf.takes = False
            self._build()

    def _build(self):
        self.result = {"failed": None, "phase": "forward", "differences": []}
        recorder = Recorder(self.session.channel, "building")
        self.rows = recorder.rows
        with (
            self.databases.grown(self.alias, self.shelf) as connection,
            others_guarded(self.alias),
            mail_kept(),
        ):
            try:
                self._run(connection, recorder, self._begin(connection))
                if self.went_well and self.shelf.keeps:
                    self._keep()
            except MigrationFailedError as error:
                expect_kept(connection, error)
                self.result["failed"] = error.described()
            except Exception as error:  # nothing of it is a migration's own
                if self.shelf.record is None:
                    raise
                self.shelf.distrust()
                raise NotTrustedError(str(error)) from error
            finally:
                forget_caches()

    def _begin(self, connection):
        """Return what the kept database is like, ``None`` where it begins with an empty one."""
        record = self.shelf.record
        self.begun_with = 0 if record is None else record["number"]
        if record is None:
            return None
        begun = looked_at(connection)
        if state_of(begun) != record["state"]:
            raise NotTrustedError("it is not what its record says")
        return begun

    def _keep(self):
        from django.db import Error

        try:
            self.shelf.keep(keys(self.plan), self._proven())
        except (Error, OSError, sqlite3.Error) as error:
            self.not_kept = hide(" ".join(str(error).split()))

    def _proven(self):
        """Return the migrations whose way back and forward again is known to be sound."""
        return [] if self.shelf.record is None else self.shelf.record["proven"]

    def _run(self, connection, recorder, begun):
        raise NotImplementedError


class ThereAndBack(Build):
    """Builds as on an empty database, goes back, and forward again."""

    def _build(self):
        self._back = []
        super()._build()

    def _run(self, connection, recorder, begun):
        result, plan = self.result, self.plan
        result.update(back=[], stopped_at=[], held=[], proven=0)
        places = self.orders.places(self.shelf.known, self.shelf.room)
        checkpoints = Checkpoints(connection, self.shelf, self.begun_with, places)
        recorder.watchers = (checkpoints,)
        _forward(connection, recorder, plan[self.begun_with :], signals=True)
        recorder.watchers = ()
        first = fingerprint(connection)
        result.update(phase="back", schema=first["schema"], tables=len(first["rows"]))
        way, result["stopped_at"], result["held"] = self.orders.way_back()
        recorder.doing = "going back"
        soon = self._unproven(way)
        self._go_back(connection, recorder, soon)
        if len(soon) < len(way):
            nothing_ran = checkpoints.rows is None
            if nothing_ran or self._is_back(connection, begun, checkpoints.rows, first["rows"]):
                result["proven"] = len(way) - len(soon)
            else:
                self._go_back(connection, recorder, way[len(soon) :])
        if self._back:
            result["phase"] = "forward again"
            recorder.doing = "building again"
            migrate(connection, recorder, executor_class=Executor)
            result["differences"] = difference(first["schema"], fingerprint(connection)["schema"])

    def _go_back(self, connection, recorder, way):
        if way:
            migrate(connection, recorder, plan=way, executor_class=Backwards)
            self._back += keys(migration for migration, _ in way)
            self.result["back"] = self._back

    def _unproven(self, way):
        """Return the part of the way back that leads to the last that was not gone before."""
        proven = {tuple(key) for key in super()._proven()}
        new = [
            number
            for number, (one, _) in enumerate(way, 1)
            if (one.app_label, one.name) not in proven
        ]
        return way[: max(new, default=0)]

    def _is_back(self, connection, begun, rows, after_signal):
        """Say whether the database is again what was begun with, whose way back is proven.

        ``rows`` are the numbers of rows after the last migration, ``after_signal`` those after
        ``post_migrate``: what that changed counts for nothing.
        """
        now = looked_at(connection)
        same = [name for name in begun["rows"] if rows.get(name) == after_signal.get(name)]
        return all(now["rows"].get(name) == begun["rows"][name] for name in same) and all(
            now[part] == begun[part] for part in begun.keys() - {"rows"}
        )

    def _proven(self):
        return [*super()._proven(), *self._back]


class AfterMain(Build):
    """Builds what the main branch has, and then, as whoever has that does, the rest."""

    def __init__(self, session, databases, alias, orders):
        super().__init__(session, databases, alias, orders)
        self.plan = orders.before

    def _run(self, connection, recorder, begun):  # noqa: ARG002 - what every build takes
        before, places = self.plan, {len(self.plan)}
        recorder.watchers = (Checkpoints(connection, self.shelf, self.begun_with, places),)
        _forward(connection, recorder, before[self.begun_with :], signals=True)
        recorder.watchers = ()
        _forward(connection, recorder, self.orders.new)
        self.result["schema"] = fingerprint(connection)["schema"]

    def compared_with(self, schema):
        """Return what failed, and how the schema differs from that of an empty database."""
        failed = self.result["failed"]
        differences = [] if failed else difference(schema, self.result["schema"])
        return {"failed": failed, "differences": differences}


def _forward(connection, recorder, migrations, *, signals=False):
    plan = [(migration, False) for migration in migrations]
    migrate(connection, recorder, plan=plan, executor_class=Executor, signals=signals)
