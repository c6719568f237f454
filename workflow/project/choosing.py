"""Chooses where the project's Python runs. Imports nothing of Docker until a file speaks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.project.compose_files import find_compose_files
from workflow.project.host import Host

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.project.compose_files import ComposeFiles
    from workflow.project.container.search import Search
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

    if settings.runs is None and not _may_be_in_a_container(settings):
        return Host(settings)
    search = begin_search(settings, files)
    if settings.runs == "container" or search.has_container():
        return container_found_by(search)
    return Host(settings)


def begin_search(settings: Settings, files: ComposeFiles | None) -> Search:
    """Return the search for a container, with Compose at work on the files.

    Compose takes as long as it takes to import what we need next, so it is started first.
    """
    from workflow.project.container.compose import Compose

    compose = None if files is None else Compose(files, settings.variables)

    from workflow.project.container.search import Search

    return Search(settings, compose)


def container_found_by(search: Search) -> Place:
    """Return the container as a place. It may turn out not to be there."""
    from workflow.project.container.place import Container

    return Container(search)


def _may_be_in_a_container(settings: Settings) -> bool:
    """Say whether there may be an engine with a container of ours, and we are not in it."""
    from workflow.project.container.inside import container_around
    from workflow.project.container.sockets import may_listen

    return may_listen(settings.variables) and container_around() is None
