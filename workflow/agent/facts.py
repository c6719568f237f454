"""What was booted: interpreter, Django, settings, databases and apps."""

import os
import re
import sys

SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|DSN|_URL$|_URI$", re.IGNORECASE)
"""Names of environment variables whose values nobody may see; the host has the same."""


def facts():
    """Return everything that the environment gate wants to know, without a query."""
    import django
    from django.apps import apps
    from django.conf import settings

    return {
        "python": sys.version.split()[0],
        "executable": sys.executable,
        "django": django.get_version(),
        "settings": os.environ.get("DJANGO_SETTINGS_MODULE"),
        "debug": bool(settings.DEBUG),
        "databases": databases(),
        "apps": [_app(config) for config in apps.get_app_configs()],
        "checks": model_checks(),
    }


def databases():
    """Return each alias with its vendor, name and host: never its user or password."""
    from django.db import connections

    return {
        alias: {
            "vendor": connections[alias].vendor,
            "name": str(connections[alias].settings_dict.get("NAME") or ""),
            "host": str(connections[alias].settings_dict.get("HOST") or ""),
        }
        for alias in connections
    }


def secrets():
    """Return the values that no error may show, the longest first.

    A password that is also the name of its user, of a database or of an app is none of them: an
    ordinary sentence holds that name, so that hiding it would keep no secret, and garble all else.
    """
    from django.conf import settings

    values = [str(database.get("PASSWORD") or "") for database in settings.DATABASES.values()]
    values.append(str(getattr(settings, "SECRET_KEY", "") or ""))
    named = [value for name, value in os.environ.items() if SECRET_NAME.search(name)]
    found = {value for value in values if len(value) > 3} | {one for one in named if len(one) > 5}
    return sorted(found - _open_names(), key=len, reverse=True)


def _open_names():
    """Return the names of users, databases and apps: each is in what anybody says of them."""
    from django.apps import apps
    from django.conf import settings

    databases = settings.DATABASES.values()
    names = {str(database.get(key)) for database in databases for key in ("USER", "NAME")}
    return names | {config.label for config in apps.get_app_configs()}


def model_checks():
    """Return the errors of Django's system checks of the models."""
    from django.core import checks

    found = checks.run_checks(tags=[checks.Tags.models])
    return [
        {"id": check.id, "message": check.msg, "hint": check.hint, "object": _name(check.obj)}
        for check in found
        if check.level >= checks.ERROR and not check.is_silenced()
    ]


def _name(thing):
    """Return a model's or a field's name, as Django's own report of its checks shows it."""
    options = getattr(thing, "_meta", None)
    return str(thing) if options is None else options.label


def _app(config):
    from django.db.migrations.loader import MigrationLoader

    module, explicit = MigrationLoader.migrations_module(config.label)
    return {
        "label": config.label,
        "name": config.name,
        "path": config.path,
        "migrations": module,
        "explicit": explicit,
        "models": any(model._meta.managed for model in config.get_models()),
    }
