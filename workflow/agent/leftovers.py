"""Databases of ours that outlive their run: those that are kept, and those that kills left."""

from _migration_workflow_agent.kept import shelf_of
from _migration_workflow_agent.scratch_databases import ScratchDatabases


def leftovers(session, database, scratch, where, drop):
    """Return the names of those for a database, ``kept`` and ``left``; drop them, if told to.

    On a server they are this project's own; those of runs that are alive are not among them.
    """
    databases = ScratchDatabases(scratch, session.project, **where)
    kept, left = databases.clear(database, shelf_of(databases, database), drop=drop)
    return {"kept": kept, "left": left}
