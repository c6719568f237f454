"""A copy of the example with Compose files of its own, and what tests do with its containers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.shop import Run, Shop

BASE = "migration-workflow-test-python"
POSTGRES = "migration-workflow-test-postgres"
MARIADB = "migration-workflow-test-mariadb"
IMAGE = "migration-workflow-test-shop"

DEV = "docker-compose.dev.yml"
PAUSE = ["python", "-c", "import signal; signal.pause()"]
"""What a container does that is only there to be looked at."""

GATE = "enforce-dev-environment"


def web(**changes: Any) -> dict[str, Any]:
    """Return a service as it should be; ``None`` takes a key away."""
    service = {
        "image": IMAGE,
        "command": PAUSE,
        "working_dir": "/app",
        "volumes": [".:/app"],
        "network_mode": "none",
        "stop_grace_period": "0s",
        **changes,
    }
    return {name: value for name, value in service.items() if value is not None}


def compose(service: Mapping[str, Any] | None = None, **more: Any) -> str:
    """Return a Compose file with the one service ``web``. JSON is YAML, too."""
    return json.dumps({"services": {"web": service or web()}, **more}, indent=1)


class Stack(Shop):
    """One Compose project. ``names`` are those it may have been started under."""

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__(folder, home)
        del self.variables["MIGRATION_WORKFLOW_RUNS"]
        self.top = folder
        self.names = {folder.name}

    def docker(self, *words: str, fails: bool = False) -> str:
        """Run the docker command; it must not fail."""
        done = self.run(*words, program=["docker"])
        assert fails or done.code == 0, done
        return done.stdout.strip()

    def compose(self, *words: str, file: str = DEV, fails: bool = False) -> str:
        """Run Compose on this project's files."""
        files = [] if "COMPOSE_FILE" in self.variables else ["-f", str(self.top / file)]
        return self.docker("compose", *files, *words, fails=fails)

    def up(self, service: Mapping[str, Any] | None = None, *words: str, **more: Any) -> None:
        """Write the development file and start it."""
        self.write(DEV, compose(service, **more))
        self.start(*words)

    def start(self, *words: str, file: str = DEV) -> None:
        """Start what the files say."""
        self.compose("up", "-d", "--quiet-pull", *words, file=file)

    def container(self, service: str = "web") -> str:
        """The identifier of the service's container."""
        return self.compose("ps", "-aq", service)

    def gate(self, *words: str, **how: Any) -> Run:
        """Run the environment gate, with a report as JSON."""
        return self.json(GATE, *words, **how)

    def take_down(self) -> None:
        """Remove everything that Compose made from files in this folder, however it was named."""
        for kind, remove in (
            ("ps -aq", "rm -fv"),
            ("network ls -q", "network rm"),
            ("volume ls -q", "volume rm -f"),
        ):
            found: set[str] = set()
            for name in {self.top.name, *self.names}:
                label = f"label=com.docker.compose.project={name}"
                found |= set(self.docker(*kind.split(), "--filter", label, fails=True).split())
            if found:
                self.docker(*remove.split(), *sorted(found), fails=True)
