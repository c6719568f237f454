"""The project's Python in the container of a Compose service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.project.cause import Cause, expect_none
from workflow.project.container.attached import Attached
from workflow.project.container.checks import declared
from workflow.project.container.production import check_production, variables_of
from workflow.project.container.proof import OURS, Proof
from workflow.project.container.python import find_python
from workflow.project.container.running import check_state
from workflow.project.container.source import check_shadows

if TYPE_CHECKING:
    from workflow.outcome import Finding
    from workflow.project.container.search import Search
    from workflow.project.container.view import View
    from workflow.project.place import Tree


class Container:
    """One container. It is looked at once in a run, and only started in where it is sound."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._settings = search.settings
        self._proof: Proof | None = None

    @property
    def view(self) -> View:
        """The service as it is wanted, and as it is. Raises Cause where it is not there at all."""
        return self._search.view

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

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks of the container, by name."""
        return tuple(self.view.inspected["NetworkSettings"]["Networks"])

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

    def before_boot(self, tree: Tree) -> Mapping[str, Any]:
        """Return the token to be read, and the files to be compared.

        Raises Cause where something is wrong with the container: nothing is started in it then.
        """
        expect_none(self._before_anything_runs(tree))
        files = list(tree.migration_files)  # before the tool's own folder is made in the tree
        self._proof = Proof(tree.meeting_folder, self._settings.project, self.view.service)
        return {
            "folder": self.there(tree.meeting_folder),
            "token": OURS,
            "files": files,
            "directory": self.there(self._settings.project),
        }

    def examine(self, tree: Tree) -> Iterator[Finding]:
        """Yield what is declared wrong, else what the exchange of tokens shows."""
        findings = self._before_anything_runs(tree)
        yield from findings
        if findings:
            return
        try:
            seen = tree.seen_there
        except CouldNotCheck as error:
            self._expect_no_restart(error)
            raise
        if self._proof is not None:
            yield from self._proof.check(seen, tree.migration_files)
            self._proof.forget()

    def _expect_no_restart(self, error: CouldNotCheck) -> None:
        """Raise Cause where the container ended under us because it always does.

        Between two of its ends it looks sound.
        """
        inspected = self.view.engine.inspect(self.view.inspected["Id"])
        for finding in check_state(self.view._replace(inspected=inspected)):
            if finding.code == "ENV209":
                raise Cause(finding) from error

    @cached_property
    def _declared(self) -> tuple[Finding, ...]:
        return declared(self.view)

    def _before_anything_runs(self, tree: Tree) -> tuple[Finding, ...]:
        """Return what Compose, the engine and the mounts say is wrong: the first cause alone."""
        if self._declared:
            return self._declared
        if shadows := tuple(check_shadows(self.view, tree.migration_files)):
            return shadows
        if tree.asks_about_production:
            return ()
        labels = self.view.inspected["Config"]["Labels"]
        service = self.view.service
        return tuple(check_production(self.variables, labels, self._settings, service))
