"""Finds the container that runs the project, by asking Compose what is wanted and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.project.cause import Cause, cause
from workflow.project.compose_files import BY_NAME, USUAL, ComposeFiles
from workflow.project.container.compose import Compose
from workflow.project.container.engine import PROJECT, Engine, Inspected, connect
from workflow.project.container.mounts import Mount, mounts_of
from workflow.project.container.running import not_there
from workflow.project.container.service import find_service
from workflow.project.container.view import View, service_of, started_from

if TYPE_CHECKING:
    from workflow.config import Settings


class Search:
    """One search. Each part of it is made when it is asked for, and once."""

    def __init__(self, settings: Settings, compose: Compose | None) -> None:
        self.settings = settings
        self._begun = compose

    @cached_property
    def compose(self) -> Compose:
        """The Compose command on the project's files. Raises Cause where it has none."""
        if self._begun is None:
            raise cause(
                "ENV206",
                f'{self.settings.project} is to run in a container (runs = "container"), but '
                "there is no Compose file in it or above it.",
                'Name it: compose-file = "FILE" in [tool.django-migration-workflow]',
            )
        _ = self.engine  # without one, what Compose has to say comes second
        return self._understood(self._begun)

    @cached_property
    def engine(self) -> Engine:
        """The engine. Raises Cause where there is none to use."""
        return connect(self.settings.variables)

    @cached_property
    def service(self) -> str:
        """The service that runs the project."""
        return find_service(self.compose, self.settings.project, self.settings.service)

    @cached_property
    def view(self) -> View:
        """The service as it is wanted, and as it is. Raises Cause where it is not there at all."""
        compose, engine = self.compose, self.engine
        containers = engine.containers(project=compose.name, service=self.service)
        if not containers:
            elsewhere = engine.containers(service=self.service)
            raise not_there(compose.files, self.service, elsewhere)
        chosen = min(containers, key=lambda one: one["State"] != "running")
        inspected = engine.inspect(chosen["Id"])
        mounts = mounts_of(inspected)
        self._adopt(inspected)
        return View(
            self.settings,
            self.compose,
            engine,
            self.service,
            tuple(containers),
            inspected,
            mounts,
            self._source(mounts, PurePosixPath(inspected["Config"]["WorkingDir"] or "/")),
        )

    def has_container(self) -> bool:
        """Say whether Compose made a container from the project's files, in whatever state."""
        if self._begun is None:
            return False
        files = self._begun.files
        try:
            made = [one for one in self.engine.containers() if is_of(one, files)]
            return bool(made) and self.service in {service_of(one) for one in made}
        except Cause as found:
            return found.finding.code == "ENV206"  # which the gate then says
        except CouldNotCheck:
            return False

    def _source(self, mounts: tuple[Mount, ...], folder: PurePosixPath) -> Mount | None:
        """Return the mount that brings the project in, of several the one that is worked in."""
        project = self.settings.project
        covering = [mount for mount in mounts if mount.covers(project)]
        worked_in = [
            mount
            for mount in covering
            if folder.is_relative_to(mount.there(project))
            or mount.there(project).is_relative_to(folder)
        ]
        return max(worked_in or covering, key=lambda mount: len(mount.source.parts), default=None)

    def _adopt(self, inspected: Mapping[str, Any]) -> None:
        """Take the files that the container was started from, where ours are some of them."""
        used = started_from(inspected["Config"]["Labels"])
        ours = self.compose.files.paths
        if set(ours) < set(used) and all(path.is_file() for path in used):
            self.compose = Compose(
                ComposeFiles(used, "the running container"), self.settings.variables
            )

    def _understood(self, compose: Compose) -> Compose:
        """Return the command where its files are whole; one that adds to the usual, with that."""
        try:
            _ = compose.config
        except Cause:
            files = compose.files
            usual = [files.folder / name for name in USUAL]
            base = next((path for path in usual if path.is_file()), None)
            if base is None or base in files.paths or files.origin != BY_NAME:
                raise
            whole = ComposeFiles((base, *files.paths), BY_NAME)
            both = Compose(whole, self.settings.variables)
            with suppress(Cause):
                _ = both.config
                return both
            raise
        return compose


def is_of(listed: Inspected, files: ComposeFiles) -> bool:
    """Say whether Compose made a container from these files, or from others beside them."""
    folder = listed["Labels"].get(f"{PROJECT}.working_dir")
    return bool(set(files.paths) & set(started_from(listed["Labels"]))) or folder == str(
        files.folder
    )
