"""Ends the servers of runs that were killed before they could, through the links they left."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.project.scratch import SERVER, with_servers

if TYPE_CHECKING:
    from workflow.config import Settings


def end_left_servers(settings: Settings) -> None:
    """End them. A link to a container stays for as long as the engine does not answer."""
    with suppress(OSError):  # a tree that can't be read or written can't be swept either
        for folder in with_servers(settings.state_folder):
            _end(folder / SERVER, settings)


def _end(link: Path, settings: Settings) -> None:
    from workflow.databases.container import IN_CONTAINERS, end_container
    from workflow.databases.server import end_server

    if link.readlink().parent == IN_CONTAINERS:
        with suppress(CouldNotCheck):
            end_container(link, settings)
    else:
        end_server(link)
