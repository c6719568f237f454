"""What makes an environment look like production, each as one plain fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from workflow.config import ENVIRONMENT_NAMES

if TYPE_CHECKING:
    from workflow.config import Settings

HOST_NAMES = ("DB_HOST", "DATABASE_HOST", "POSTGRES_HOST", "MYSQL_HOST", "PGHOST")
ENVIRONMENT_LABELS = {"env", "environment", "stage", "tier"}
OFF = {"0", "off", "false", "no"}


def is_named_for_production(module: str | None, settings: Settings) -> bool:
    """Say whether a part of a settings module's name is one of the words for production."""
    words = {word.lower() for word in settings.production_words}
    return bool(words & set((module or "").lower().split(".")))


def named_environments(variables: Mapping[str, str], settings: Settings) -> Iterator[str]:
    """Yield the variables that name an environment, and name production."""
    words = {word.lower() for word in settings.production_words}
    for name in ENVIRONMENT_NAMES:
        if variables.get(name, "").lower() in words:
            yield f"{name} is {variables[name]!r}"


def signs_of_production(variables: Mapping[str, str], settings: Settings) -> Iterator[str]:
    """Yield what the environment of a container says. No value that may be secret is quoted."""
    module = variables.get("DJANGO_SETTINGS_MODULE")
    if is_named_for_production(module, settings):
        yield f"the settings module is {module}"
    yield from named_environments(variables, settings)
    for name in ("DEBUG", "DJANGO_DEBUG"):
        if variables.get(name, "").lower() in OFF:
            yield f"{name} is {variables[name]!r}"
    for host in dict.fromkeys(_hosts(variables)):
        if host in settings.production_hosts:
            yield f"the database host is {host}"


def signs_in_labels(labels: Mapping[str, str], settings: Settings) -> Iterator[str]:
    """Yield the labels of a container that name an environment, and name production."""
    words = {word.lower() for word in settings.production_words}
    for name, value in labels.items():
        if name.rpartition(".")[2].lower() in ENVIRONMENT_LABELS and value.lower() in words:
            yield f"the label {name} is {value!r}"


def _hosts(variables: Mapping[str, str]) -> Iterator[str]:
    for name in HOST_NAMES:
        if name in variables:
            yield variables[name]
    try:
        yield urlsplit(variables.get("DATABASE_URL", "")).hostname or ""
    except ValueError:
        return  # whoever reads it later says so
