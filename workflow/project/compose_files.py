"""Which Compose files a project has. Looks at names alone: no Docker, and nothing is parsed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workflow.config import Settings

DEVELOPMENT = (
    "docker-compose.dev.yml",
    "docker-compose.dev.yaml",
    "compose.dev.yaml",
    "compose.dev.yml",
)
USUAL = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The names that Compose looks for by itself, in its order."""


BY_NAME = "its name"


class ComposeFiles(NamedTuple):
    """The files that make up one development environment, and who says so."""

    paths: tuple[Path, ...]
    origin: str

    @property
    def folder(self) -> Path:
        """The project directory of Compose: what relative paths in the files start from."""
        return self.paths[0].parent

    @property
    def shown(self) -> str:
        """The names for a message."""
        return ", ".join(path.name for path in self.paths)


def find_compose_files(settings: Settings) -> ComposeFiles | None:
    """Return what is configured, what ``COMPOSE_FILE`` says, or the nearest file of a usual name.

    A file of a usual name for development comes before one that Compose takes by itself.
    """
    if settings.compose_file:
        paths = tuple((settings.root / name).resolve() for name in settings.compose_file)
        return ComposeFiles(paths, "compose-file in the configuration")
    if named := settings.variables.get("COMPOSE_FILE"):
        separator = settings.variables.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
        return ComposeFiles(
            tuple(_named(name, settings) for name in named.split(separator) if name),
            "COMPOSE_FILE",
        )
    for names in (DEVELOPMENT, USUAL):
        for folder in _folders(settings):
            for name in names:
                if (folder / name).is_file():
                    return ComposeFiles((folder / name,), BY_NAME)
    return None


def _named(name: str, settings: Settings) -> Path:
    """Return the path of a name in ``COMPOSE_FILE``, which is relative to wherever it was set."""
    places = [folder / name for folder in (Path.cwd(), *_folders(settings))]
    return next((path for path in places if path.is_file()), places[1]).resolve()


def _folders(settings: Settings) -> Iterator[Path]:
    for folder in (settings.project, *settings.project.parents):
        if not folder.is_relative_to(settings.root):
            break
        yield folder
