"""Compose itself takes the development file that ``setup`` writes, on top of theirs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.containers.conftest import DOCKER_CONFIG
from tests.setup.repository import Repository
from workflow.setup.parts.compose_dev import NAME, written

DOCKERFILE = "FROM python\nWORKDIR /code\nRUN uv sync\nCOPY . .\n"


def test_both_files_together_mount_the_source(engine: None, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.create()
    repository.write("docker-compose.yml", "services:\n  web:\n    build: .\n")
    repository.write("Dockerfile", DOCKERFILE)
    repository.write(NAME, written(repository.found()))
    done = subprocess.run(
        ["docker", "compose", "-f", "docker-compose.yml", "-f", NAME, "config", "--format=json"],
        cwd=repository.folder,
        env={**os.environ, "DOCKER_CONFIG": DOCKER_CONFIG},
        check=True,
        capture_output=True,
    )
    source, environment = json.loads(done.stdout)["services"]["web"]["volumes"]
    assert (source["source"], source["target"]) == (str(repository.folder), "/code")
    assert (environment["type"], environment["target"]) == ("volume", "/code/.venv")
