"""The migrations that are pending, described."""

from _migration_workflow_agent.state import pending


def plan(session, database):
    """Return what ``migrate`` would run, in its order."""
    return {"plan": [_row(item) for item in pending(session.loader(database))]}


def keys(migrations):
    """Return migrations as plain ``[app label, name]`` pairs."""
    return [[migration.app_label, migration.name] for migration in migrations]


def _row(migration):
    return {
        "app": migration.app_label,
        "migration": migration.name,
        "atomic": migration.atomic,
        "operations": [operation.describe() for operation in migration.operations],
        "reversible": reversible(migration),
    }


def reversible(migration):
    """Say whether every operation of a migration claims that it can be undone."""
    return all(operation.reversible for operation in migration.operations)
