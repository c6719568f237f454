"""Starts the development environment, and tells of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from workflow.project.container.receipt import write_receipt

if TYPE_CHECKING:
    from workflow.project.container.search import Search
    from workflow.project.process import Completed


class Development:
    """What the Compose files want, whether it is there or not."""

    def __init__(self, search: Search) -> None:
        self._search = search

    @property
    def service(self) -> str:
        """The service that runs the project."""
        return self._search.service

    @property
    def wanted_variables(self) -> Mapping[str, str]:
        """The environment that the Compose files give the service."""
        wanted = self._search.compose.services[self.service].get("environment") or {}
        return {name: value for name, value in wanted.items() if value is not None}

    @property
    def wanted_labels(self) -> Mapping[str, str]:
        """The labels that the Compose files give the service."""
        labels: Mapping[str, str] = self._search.compose.services[self.service].get("labels") or {}
        return labels

    @property
    def up_words(self) -> list[str]:
        """The command that starts it."""
        return self._search.compose.up_words(self.service)

    def up(self, hear: Callable[[str], None]) -> Completed:
        """Start it, and note from what it was built."""
        done = self._search.compose.up(self.service, hear)
        if done.code == 0:
            write_receipt(self._search.view)
        return done

    def describe(self) -> str:
        """Say where the project answers, what shows its log, and what stops it."""
        command = f"docker compose -f {self._search.compose.files.shown}"
        ports = {
            f"http://localhost:{port['PublicPort']}"
            for one in self._search.view.containers
            for port in one["Ports"]
            if port.get("PublicPort")
        }
        answers = ", ".join(sorted(ports)) or "nowhere: no port is published"
        return (
            f"answers   {answers}\nlog       {command} logs -f {self.service}\n"
            f"stop      {command} down"
        )
