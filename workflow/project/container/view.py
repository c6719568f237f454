"""What is wanted and what is there, side by side: what every check of a container looks at."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from workflow.project.container.engine import PROJECT, SERVICE, Inspected

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.project.compose_files import ComposeFiles
    from workflow.project.container.compose import Compose
    from workflow.project.container.engine import Engine
    from workflow.project.container.mounts import Mount


class View(NamedTuple):
    """One service: as the files want it, and as the engine has it."""

    settings: Settings
    compose: Compose
    engine: Engine
    service: str
    containers: tuple[Inspected, ...]
    """Every container of the service, as the engine lists them."""
    inspected: Inspected
    """Everything about the one that is looked at."""
    mounts: tuple[Mount, ...]
    source: Mount | None
    """The mount that brings the project in."""

    @property
    def files(self) -> ComposeFiles:
        """The Compose files."""
        return self.compose.files

    @property
    def folder(self) -> PurePosixPath:
        """The working directory there."""
        return PurePosixPath(self.inspected["Config"]["WorkingDir"] or "/")

    @property
    def project_there(self) -> PurePosixPath | None:
        """What the project's folder is called there."""
        return None if self.source is None else self.source.there(self.settings.project)

    @property
    def started_from(self) -> tuple[Path, ...]:
        """The Compose files that the container was started from."""
        return started_from(self.inspected["Config"]["Labels"])

    @property
    def started_in(self) -> Path:
        """The folder that Compose took for the project's when it started the container."""
        return Path(self.inspected["Config"]["Labels"].get(f"{PROJECT}.working_dir") or "/")

    def volume_line(self) -> str:
        """Return the line of the Compose file that mounts the source where it belongs."""
        project, folder = self.settings.project, self.files.folder
        mounted = folder if project.is_relative_to(folder) else project
        inner = project.relative_to(mounted).as_posix()
        target = self.folder if str(self.folder) != "/" else PurePosixPath("/app")
        if inner != "." and target.as_posix().endswith("/" + inner):
            target = PurePosixPath(target.as_posix().removesuffix("/" + inner))
        elif inner != ".":
            return f'volumes: ["./{inner}:{target}"]'
        name = "." if mounted == folder else mounted.as_posix()
        return f'volumes: ["{name}:{target}"]'


def started_from(labels: dict[str, str]) -> tuple[Path, ...]:
    """Return the Compose files that a container was started from, by its labels."""
    named = labels.get(f"{PROJECT}.config_files") or ""
    return tuple(Path(name).resolve() for name in named.split(",") if name)


def service_of(listed: Inspected) -> str:
    """Return the service that a listed container is of."""
    return str(listed["Labels"].get(SERVICE) or "")
