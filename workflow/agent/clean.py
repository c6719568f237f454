"""Builds the schema from nothing, goes back, goes forward again, and compares."""

from _migration_workflow_agent.fingerprint import difference, fingerprint
from _migration_workflow_agent.lost import expect_kept
from _migration_workflow_agent.migrating import (
    MigrationFailedError,
    Recorder,
    forget_caches,
    migrate,
)
from _migration_workflow_agent.plan import keys, reversible
from _migration_workflow_agent.scratch import mail_kept, others_guarded
from _migration_workflow_agent.scratch_databases import ScratchDatabases


def clean(session, database, scratch, where, kept):
    """Return what happened on an empty database: up, back to ``kept``, and up again.

    ``kept`` lists the migrations that the main branch has; ``None`` takes the project's own
    apps back to nothing.
    """
    recorder = Recorder(session.channel, "building")
    result = {"failed": None, "phase": "forward", "differences": []}
    result.update(back=[], stopped_at=[], held=[])
    databases = ScratchDatabases(scratch, session.project, **where)
    with databases.empty(database) as connection, others_guarded(database), mail_kept():
        try:
            migrate(connection, recorder)
            first = fingerprint(connection)
            result["phase"] = "back"
            plan, result["stopped_at"], result["held"] = _way_back(session, connection, kept)
            result["back"] = keys(migration for migration, _ in plan)
            recorder.doing = "going back"
            migrate(connection, recorder, plan=plan)
            result["phase"] = "forward again"
            recorder.doing = "building again"
            migrate(connection, recorder)
            second = fingerprint(connection)
            result["differences"] = difference(first["schema"], second["schema"])
            result["tables"] = len(first["rows"])
        except MigrationFailedError as error:
            expect_kept(connection, error)
            result["failed"] = error.described()
        finally:
            forget_caches()
    session.forget()
    return {**result, "evidence": recorder.rows, "scratch": databases.told}


def _way_back(session, connection, kept):
    """Return the plan that unapplies what the main branch lacks, and what stays of that.

    First what can't be undone, then what the rest depends on. Installed apps stay: whether theirs
    lead back is not the project's to mend. (With Django 6.1 those of Wagtail lead back, but
    not forward again.)
    """
    from django.db.migrations.executor import MigrationExecutor

    loader = MigrationExecutor(connection).loader
    order = _in_order(loader)
    own = session.own_labels()
    going = _going(loader, order, own, kept)
    plan, staying, stopped, held = [], set(), [], []
    for key in reversed(order):
        migration = loader.graph.nodes[key]
        if key in going and key not in staying:
            if reversible(migration):
                plan.append((migration, True))
                continue
            stopped.append(migration)
        elif key in going:
            held.append(migration)
        staying.update(_parents(loader, key))
    return plan, keys(stopped), keys(held)


def _going(loader, order, own, kept):
    keep = {tuple(key) for key in kept or ()}
    return {
        key
        for key in order
        if key[0] in own and not keep & {key, *map(tuple, loader.graph.nodes[key].replaces)}
    }


def _in_order(loader):
    order = {}
    for leaf in loader.graph.leaf_nodes():
        order.update(dict.fromkeys(loader.graph.forwards_plan(leaf)))
    return list(order)


def _parents(loader, key):
    return [parent.key for parent in loader.graph.node_map[key].parents]
