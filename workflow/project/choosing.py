"""Chooses where the project's Python runs. Imports nothing of Docker until a file speaks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.project.compose_files import find_compose_files
from workflow.project.host import Host

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.project.place import Place


def choose_place(settings: Settings) -> Place:
    """Return the place that is configured, else the one that is found.

    Found is a container where there is one: where Compose made one from this project's files,
    running or not, and we are not inside it ourselves. docs/environments.md tells the rule.
    """
    if settings.runs == "host":
        return Host(settings)
    files = find_compose_files(settings)
    if settings.runs is None and files is None:
        return Host(settings)

    from workflow.project.container.inside import container_around
    from workflow.project.container.place import Container

    if settings.runs is None and container_around() is not None:
        return Host(settings)
    container = Container(settings, files)
    if settings.runs == "container" or container.exists():
        return container
    return Host(settings)
