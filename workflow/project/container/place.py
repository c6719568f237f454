"""The project's Python in the container of a Compose service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.outcome import Finding
from workflow.project.cause import Cause, cause, expect_none
from workflow.project.compose_files import BY_NAME, USUAL, ComposeFiles
from workflow.project.container.attached import Attached
from workflow.project.container.compose import Compose
from workflow.project.container.engine import (
    PROJECT,
    Engine,
    Inspected,
    connect,
)
from workflow.project.container.mounts import Mount, mounts_of
from workflow.project.container.origin import check_origin
from workflow.project.container.production import check_variables, variables_of
from workflow.project.container.proof import OURS, Proof
from workflow.project.container.python import find_python
from workflow.project.container.receipt import write_receipt
from workflow.project.container.running import check_replicas, check_state, not_there
from workflow.project.container.service import find_service
from workflow.project.container.source import (
    check_mounted,
    check_place,
    check_shadows,
    check_writable,
)
from workflow.project.container.staleness import check_staleness
from workflow.project.container.view import View, service_of, started_from

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.project.place import Tree
    from workflow.project.process import Completed

Check = Callable[[View], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    check_state,
    check_replicas,
    check_origin,
    check_mounted,
    check_writable,
    check_place,
    check_staleness,
)
"""What is looked at before anything runs in the container, the likely cause before its effects."""


class Container:
    """One container. It is looked at once in a run, and only started in where it is sound."""

    def __init__(self, settings: Settings, compose: Compose | None) -> None:
        self._settings = settings
        self._begun = compose
        self._proof: Proof | None = None

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment that the container was made with."""
        return variables_of(self.view.inspected["Config"]["Env"])

    @property
    def origin(self) -> str:
        """Which container it is."""
        return f"container {self.view.inspected['Name'].removeprefix('/')}"

    @property
    def shown(self) -> str:
        """Which container it is."""
        return f"the {self.origin}"

    @cached_property
    def compose(self) -> Compose:
        """The Compose command on the project's files. Raises Cause where it has none."""
        if self._begun is None:
            raise cause(
                "ENV206",
                f'{self._settings.project} is to run in a container (runs = "container"), but '
                "there is no Compose file in it or above it.",
                'Name it: compose-file = "FILE" in [tool.django-migration-workflow]',
            )
        _ = self.engine  # without one, what Compose has to say comes second
        return self._understood(self._begun)

    @cached_property
    def engine(self) -> Engine:
        """The engine. Raises Cause where there is none to use."""
        return connect(self._settings.variables)

    @cached_property
    def service(self) -> str:
        """The service that runs the project."""
        return find_service(self.compose, self._settings.project, self._settings.service)

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
            self._settings,
            self.compose,
            engine,
            self.service,
            tuple(containers),
            inspected,
            mounts,
            self._source(mounts, PurePosixPath(inspected["Config"]["WorkingDir"] or "/")),
        )

    def exists(self) -> bool:
        """Say whether Compose made a container from the project's files, in whatever state."""
        if self._begun is None:
            return False
        files = self._begun.files
        try:
            made = [one for one in self.engine.containers() if _is_of(one, files)]
            return bool(made) and self.service in {service_of(one) for one in made}
        except Cause as found:
            return found.finding.code == "ENV206"  # which the gate then says
        except CouldNotCheck:
            return False

    def there(self, path: Path) -> str:
        """Return where the container has a path of the project, or of what is mounted with it."""
        source = self.view.source
        if source is None or not path.is_relative_to(source.source):
            return str(path)
        return str(source.there(path))

    def here(self, path: str) -> Path:
        """Return where this machine has a path of the container, if it has it."""
        source = self.view.source
        if source is None or not PurePosixPath(path).is_relative_to(source.target):
            return Path(path)
        return source.here(PurePosixPath(path))

    def settings_module(self) -> str | None:
        """Return what the configuration names; the environment here is not the one there."""
        origins = self._settings.origins
        told_here = origins.get("settings") in {"environment", ".env"}
        return None if told_here else self._settings.settings

    def start(self, code: str, variables: Mapping[str, str]) -> Attached:
        """Start Python in the container."""
        view = self.view
        identifier = view.inspected["Id"]
        number, stream = view.engine.execute(
            identifier,
            [find_python(view, self.variables), "-c", code],
            folder=self.there(self._settings.project),
            variables=variables,
        )
        return Attached(view.engine, identifier, number, stream)

    @property
    def wanted_variables(self) -> Mapping[str, str]:
        """The environment that the Compose files give the service."""
        wanted = self.compose.services[self.service].get("environment") or {}
        return {name: value for name, value in wanted.items() if value is not None}

    @property
    def up_words(self) -> list[str]:
        """The command that starts it."""
        return self.compose.up_words(self.service)

    def up(self, hear: Callable[[str], None]) -> Completed:
        """Start it, and note from what it was built."""
        done = self.compose.up(self.service, hear)
        if done.code == 0:
            write_receipt(self.view)
        return done

    def describe(self) -> str:
        """Say where the project answers, what shows its log, and what stops it."""
        command = f"docker compose -f {self.compose.files.shown}"
        ports = {
            f"http://localhost:{port['PublicPort']}"
            for one in self.view.containers
            for port in one["Ports"]
            if port.get("PublicPort")
        }
        answers = ", ".join(sorted(ports)) or "nowhere: no port is published"
        return (
            f"answers   {answers}\nlog       {command} logs -f {self.service}\n"
            f"stop      {command} down"
        )

    def before_boot(self, tree: Tree) -> Mapping[str, Any]:
        """Return the token to be read, and the files to be compared.

        Raises Cause where something is wrong with the container: nothing is started in it then.
        """
        expect_none((*self.declared, *self._of_the_tree(tree)))
        files = list(tree.migration_files)  # before the tool's own folder is made in the tree
        self._proof = Proof(tree.meeting_folder, self._settings.project, self.service)
        return {
            "folder": self.there(tree.meeting_folder),
            "token": OURS,
            "files": files,
            "directory": self.there(self._settings.project),
        }

    def examine(self, tree: Tree) -> Iterator[Finding]:
        """Yield what is declared wrong, else what the exchange of tokens shows."""
        findings = [*self.declared, *self._of_the_tree(tree)]
        yield from findings
        if findings:
            return
        seen = tree.seen_there
        if self._proof is not None:
            yield from self._proof.check(seen, tree.migration_files)
            self._proof.forget()

    @cached_property
    def declared(self) -> tuple[Finding, ...]:
        """What Compose and the engine say is wrong, up to the first cause."""
        for check in CHECKS:
            findings = tuple(check(self.view))
            if findings:
                return findings
        return ()

    def _of_the_tree(self, tree: Tree) -> Iterator[Finding]:
        if not self.declared:
            yield from check_shadows(self.view, tree.migration_files)
        if not self.declared and not tree.asks_about_production:
            yield from check_variables(self.variables, self._settings, self.service)

    def _source(self, mounts: tuple[Mount, ...], folder: PurePosixPath) -> Mount | None:
        """Return the mount that brings the project in, of several the one that is worked in."""
        project = self._settings.project
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
                ComposeFiles(used, "the running container"), self._settings.variables
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
            both = Compose(whole, self._settings.variables)
            with suppress(Cause):
                _ = both.config
                return both
            raise
        return compose


def _is_of(listed: Inspected, files: ComposeFiles) -> bool:
    """Say whether Compose made a container from these files, or from others beside them."""
    folder = listed["Labels"].get(f"{PROJECT}.working_dir")
    return bool(set(files.paths) & set(started_from(listed["Labels"]))) or folder == str(
        files.folder
    )
