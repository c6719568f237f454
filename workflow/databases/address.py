"""The URL of a database server, as the settings of a connection of Django's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from workflow.errors import UsageError

VENDORS = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
"""The schemes that are understood, and the vendor that Django has for each."""

MAINTENANCE = {"postgresql": "postgres", "mysql": ""}
"""The database to connect to where the URL names none."""


class Address(NamedTuple):
    """A server, and how to log in there. ``shown`` has no password in it."""

    vendor: str
    settings: Mapping[str, Any]
    shown: str


def configured_address(value: str, variables: Mapping[str, str]) -> Address:
    """Return the server that ``scratch-database`` names. Raises UsageError.

    The value is a URL, or the name of a variable that holds one: a table is under version control,
    and no place for a password.
    """
    if "://" in value:
        address = parse(value, "'scratch-database'")
        if address.settings["PASSWORD"]:
            raise UsageError(
                "'scratch-database' holds a password, and everybody reads the table: put the URL "
                "into .env, and the name of its variable here"
            )
        return address
    if not variables.get(value):
        raise UsageError(f"'scratch-database' names the variable {value}, which is not set")
    return parse(variables[value], value)


def parse(url: str, origin: str) -> Address:
    """Return what a URL says. Raises UsageError, which names its ``origin`` and never quotes it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{origin} is no URL of a database server") from error
    if parts.scheme not in VENDORS:
        known = ", ".join(f"{scheme}://" for scheme in VENDORS)
        raise UsageError(f"{origin} is no URL of a database server: it begins with none of {known}")
    vendor = VENDORS[parts.scheme]
    options = dict(parse_qsl(parts.query))
    host = unquote(parts.hostname or "") or options.pop("host", "") or options.pop("socket", "")
    name = unquote(parts.path.removeprefix("/")) or MAINTENANCE[vendor]
    settings = {
        "HOST": host,
        "PORT": "" if port is None else str(port),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "NAME": name,
        "OPTIONS": options,
    }
    return Address(vendor, settings, f"{parts.scheme} on {host or 'this machine'}")
