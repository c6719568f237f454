"""What the agent remembers between requests: the loader and the state it implies."""

import fcntl
import os
import shutil


class Session:
    """One booted project. The migrations are loaded once and kept until the history changes."""

    def __init__(self, channel, in_project):
        self.channel = channel
        self.project = os.path.realpath(in_project)
        self._loaders = {}
        self._states = {}
        self._scratch = None
        self.turns = {}
        """The locks that make this the one migrator of a database, by alias."""

    def hold(self, scratch):
        """Share the lock on the run's scratch folder, so that nobody sweeps it from under us."""
        if self._scratch is None:
            self._scratch = scratch
            # Open for as long as the process lives: the lock goes with it.
            self._lock = os.open(os.path.join(scratch, "lock"), os.O_RDWR)
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def close(self):
        """Give back every turn; remove the scratch folder, in case the host can't any more."""
        for held in self.turns.values():
            held.close()
        notes = (keep_note, server_link)
        if self._scratch and not any(os.path.lexists(note(self._scratch)) for note in notes):
            shutil.rmtree(self._scratch, ignore_errors=True)

    def loader(self, alias):
        """Return Django's loader for a database; one that is not there counts as empty."""
        from django.db import connections
        from django.db.migrations.loader import MigrationLoader

        if alias not in self._loaders:
            connection = connections[alias] if database_exists(alias) else None
            self._loaders[alias] = MigrationLoader(connection, ignore_no_migrations=True)
        return self._loaders[alias]

    def loaded(self, alias):
        """Return the loader where there is one already, else ``None``."""
        return self._loaders.get(alias)

    def project_state(self, alias):
        """Return the state after every migration on disk, as a copy that may be changed."""
        if alias not in self._states:
            self._states[alias] = self.loader(alias).project_state()
        return self._states[alias].clone()

    def forget(self):
        """Drop what was loaded: the database's history has changed."""
        self._loaders.clear()
        self._states.clear()

    def owns(self, path):
        """Say whether a path lies in the project's own tree, not among installed packages."""
        real = os.path.realpath(path)
        inside = real == self.project or real.startswith(self.project + os.sep)
        return inside and not {"site-packages", "dist-packages"} & set(real.split(os.sep))

    def own_labels(self):
        """Return the labels of the apps whose migrations live in the project's own tree."""
        from django.apps import apps

        return {
            config.label
            for config in apps.get_app_configs()
            if self.owns(migrations_directory(config))
        }


def keep_note(scratch):
    """Return the path of the note that forbids to sweep a scratch folder."""
    return os.path.join(scratch, "keep")


def server_link(scratch):
    """Return the path of the link to a server that the host started, and has to end."""
    return os.path.join(scratch, "server")


def migrations_directory(config):
    """Return the folder that holds an app's migrations, or would hold them."""
    import importlib

    from django.db.migrations.loader import MigrationLoader

    name, explicit = MigrationLoader.migrations_module(config.label)
    if name is None:
        return config.path
    if not explicit and name == config.name + "." + name.rpartition(".")[2]:
        return os.path.join(config.path, name.rpartition(".")[2])
    try:
        module = importlib.import_module(name)
    except ImportError:
        return config.path
    return next(iter(getattr(module, "__path__", [])), config.path)


def database_exists(alias):
    """Say whether opening the database would find one. Opening SQLite's creates its file."""
    from django.db import connections

    connection = connections[alias]
    if connection.vendor != "sqlite" or connection.is_in_memory_db():
        return True
    return os.path.exists(connection.settings_dict["NAME"])
