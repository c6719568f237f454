"""Compose projects on a real engine, made of the example and base images that were built before.

Without an engine, Compose or the images the tests are skipped, with the reason; where the
environment says ``MIGRATION_WORKFLOW_REQUIRE=docker``, as CI does, that is a failure.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.containers.stack import BASE, IMAGE, MARIADB, POSTGRES, Stack
from tests.e2e.conftest import EXAMPLE, THROWAWAY

MakeStack = Callable[..., Stack]

DOCKER_CONFIG = os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")
"""Where the Compose plugin is: asked for now, for tests have another home directory."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and "engine" in item.fixturenames:  # type: ignore[attr-defined]
            item.add_marker("docker")


def missing(reason: str) -> None:
    """Skip, or fail where the engine was asked for."""
    if "docker" in os.environ.get("MIGRATION_WORKFLOW_REQUIRE", ""):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An engine with Compose and the images."""
    if shutil.which("docker") is None:
        missing("there is no docker command")
    if _fails("version"):
        missing("no Docker Engine answers")
    if _fails("compose", "version"):
        missing("Compose v2 is not installed")
    for image in (BASE, POSTGRES, MARIADB):
        if _fails("image", "inspect", image):
            missing(f"there is no image {image}: run tests/containers/build-images.sh")
    _build_shop(tmp_path_factory.mktemp("image") / "shop")


def _build_shop(folder: Path) -> None:
    """Build the example's image, the code in it, unless this very code has been built."""
    shutil.copytree(EXAMPLE, folder, ignore=THROWAWAY)
    build = ["docker", "build", "--quiet", "--tag", IMAGE, "--build-arg", f"PYTHON_IMAGE={BASE}"]
    subprocess.run([*build, str(folder)], check=True, capture_output=True, env=_environment())


def _fails(*words: str) -> bool:
    done = subprocess.run(
        ["docker", *words], capture_output=True, check=False, timeout=60, env=_environment()
    )
    return done.returncode != 0


def _environment() -> dict[str, str]:
    return {**os.environ, "DOCKER_CONFIG": DOCKER_CONFIG, "DOCKER_BUILDKIT": "0"}


@pytest.fixture
def make_stack(tmp_path: Path, engine: None) -> Iterator[MakeStack]:
    """Make copies of the example with Compose files, and take down what was started of them."""
    made = []

    def make(parent: str = "", *, name: str | None = None) -> Stack:
        folder = tmp_path / (parent or "here") / (name or f"shop-{uuid.uuid4().hex[:8]}")
        shutil.copytree(EXAMPLE, folder, ignore=THROWAWAY)
        for file in ("docker-compose.yml", "docker-compose.dev.yml"):
            (folder / file).unlink()
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        stack = Stack(folder, home)
        stack.variables["DOCKER_CONFIG"] = DOCKER_CONFIG
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.take_down()


@pytest.fixture
def stack(make_stack: MakeStack) -> Stack:
    """One such copy."""
    return make_stack()


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number
