"""From a database URL to an entry of Django's DATABASES."""

from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "mariadb": "django.db.backends.mysql",
    "mysql": "django.db.backends.mysql",
}


def database_from_url(url, *, relative_to):
    """Read ``scheme://user:password@host:port/name?option=value``.

    A host that is a folder holds a Unix socket, and is given as an option, as libpq does it:
    ``postgresql:///shop?host=/run/postgresql``. The path of an SQLite file is relative to
    ``relative_to``, unless it has one more slash: ``sqlite:////srv/shop.sqlite3``.
    """
    # The URL holds a password, so an error never quotes more than its scheme.
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read: its port is not a number, or its user name or password "
            "holds a special character that is not percent-encoded."
        ) from None
    if parts.scheme not in ENGINES:
        known = ", ".join(ENGINES)
        raise ImproperlyConfigured(
            f"DATABASE_URL has the scheme {parts.scheme!r}; the shop knows {known}."
        )
    engine = ENGINES[parts.scheme]
    name = unquote(parts.path[1:])
    if not name:
        raise ImproperlyConfigured(f"DATABASE_URL names no database: {parts.scheme}://…/NAME")
    if parts.scheme == "sqlite":
        return {"ENGINE": engine, "NAME": name if name == ":memory:" else relative_to / name}

    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": engine,
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": options,
    }
