"""What the outcome of the first migrations of a plan depends on, as one digest for each of them.

Two plans whose first migrations have the same digest make the same of an empty database. A
migration may ask the clock or the environment what to do: such a one is taken as it was.
"""

import hashlib
import importlib.util
import json
import os
import re
import sys

from _migration_workflow_agent.facts import SECRET_NAME
from _migration_workflow_agent.sources import CannotTellError, Sources

SETTINGS = (
    "AUTH_USER_MODEL",
    "DEFAULT_AUTO_FIELD",
    "DEFAULT_INDEX_TABLESPACE",
    "DEFAULT_TABLESPACE",
    "INSTALLED_APPS",
    "LANGUAGE_CODE",
    "SITE_ID",
    "TIME_ZONE",
    "USE_I18N",
    "USE_TZ",
)
"""Settings that Django reads while it migrates. Others count where a migration reads them."""

ADDRESS = re.compile(r" at 0x[0-9a-f]+")

DISTRIBUTION = re.compile(r"(.+)\.(?:dist|egg)-info$")


class Prefixes:
    """The digests of the beginnings of plans.

    ``limit`` is where they end early, as an app label, a name and why; ``None`` where nothing
    is in the way.
    """

    def __init__(self, connection):
        self._connection = connection
        self._sources = Sources()
        self.limit = None

    def of(self, migrations):
        """Return the digest of each beginning of a plan, the shortest first."""
        try:
            digest = _digest(self._base())
        except CannotTellError as error:
            self.limit = [None, None, str(error)]
            return []
        found = []
        for migration in migrations:
            try:
                digest = _digest([digest, *self._migration(migration)])
            except CannotTellError as error:
                self.limit = [migration.app_label, migration.name, str(error)]
                break
            found.append(digest)
        return found

    def _migration(self, migration):
        from django.db.migrations.loader import MigrationLoader

        package, _ = MigrationLoader.migrations_module(migration.app_label)
        sources, settings = self._sources.of(f"{package}.{migration.name}")
        return [migration.app_label, migration.name, sources, _values(settings)]

    def _base(self):
        import django

        return {
            "agent": _own_sources(),
            "python": sys.version,
            "django": django.get_version(),
            "installed": _distributions(),
            "settings": _values(SETTINGS),
            "database": _database(self._connection),
            "apps": _apps(),
            "models without migrations": self._models_without_migrations(),
            "routers": self._routers(),
        }

    def _models_without_migrations(self):
        from django.apps import apps
        from django.db.migrations.loader import MigrationLoader

        modules = {
            model.__module__
            for config in apps.get_app_configs()
            if MigrationLoader.migrations_module(config.label)[0] is None
            or not _has_migrations(config.label)
            for model in config.get_models(include_auto_created=True)
        }
        return [self._sources.of(module)[0] for module in sorted(modules)]

    def _routers(self):
        from django.db import router

        kinds = [type(one) for one in router.routers]
        return [[kind.__qualname__, self._sources.of(kind.__module__)[0]] for kind in kinds]


def _has_migrations(label):
    from django.db.migrations.loader import MigrationLoader

    module = sys.modules.get(MigrationLoader.migrations_module(label)[0])
    return module is not None and hasattr(module, "__path__")


def _values(names):
    """Return what settings are. Raises CannotTellError for those that look like secrets."""
    from django.conf import settings

    found = {}
    for name in sorted(names):
        if SECRET_NAME.search(name) and not name.endswith("_MODEL"):
            raise CannotTellError(f"it reads the setting {name}")
        found[name] = repr(getattr(settings, name, None))
        if ADDRESS.search(found[name]):
            raise CannotTellError(f"the setting {name} can't be written down")
    return found


def _database(connection):
    """Return what of a database's settings is not about where it is, or who connects."""
    from _migration_workflow_agent.scratch_databases import ON_THE_WAY

    settings = connection.settings_dict
    kept = {
        name: repr(value)
        for name, value in sorted(settings["OPTIONS"].items())
        if name not in ON_THE_WAY and not SECRET_NAME.search(name)
    }
    driver = getattr(sys.modules.get(connection.Database.__name__), "__version__", None)
    return [settings["ENGINE"], str(settings.get("TIME_ZONE")), driver, kept]


def _apps():
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    return [
        [
            config.label,
            config.name,
            str(MigrationLoader.migrations_module(config.label)[0]),
            str(getattr(config, "default_auto_field", None)),
        ]
        for config in apps.get_app_configs()
    ]


def _distributions():
    """Return the names and versions of everything installed, as their folders are called."""
    found = set()
    for place in sys.path:
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        found.update(match.group(1) for match in map(DISTRIBUTION.match, names) if match)
    return sorted(found)


def _own_sources():
    """Return the agent itself: another one may do something else with the same migrations."""
    loader = importlib.util.find_spec(__name__).loader
    sources = getattr(loader, "sources", None) or {"prefix": loader.get_source(__name__)}
    return _digest(sources)


def _digest(thing):
    return hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()
