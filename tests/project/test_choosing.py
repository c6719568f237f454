"""Where the project's Python runs, and what it costs to know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workflow.config import Settings
from workflow.project.choosing import choose_place
from workflow.project.container.place import Container
from workflow.project.host import Host

NOBODY = {"DOCKER_HOST": "unix:///nobody/listens.sock"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(project=tmp_path, root=tmp_path, variables=NOBODY)


def test_on_the_host_without_a_compose_file(settings: Settings) -> None:
    assert isinstance(choose_place(settings), Host)


def test_on_the_host_where_no_engine_shows_a_container(settings: Settings) -> None:
    (settings.project / "docker-compose.dev.yml").touch()
    assert isinstance(choose_place(settings), Host)


@pytest.mark.parametrize("with_file", [True, False])
def test_what_is_configured_holds(settings: Settings, with_file: bool) -> None:
    if with_file:
        (settings.project / "docker-compose.dev.yml").touch()
    assert isinstance(choose_place(settings._replace(runs="host")), Host)
    assert isinstance(choose_place(settings._replace(runs="container")), Container)


def test_a_project_without_compose_files_pays_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from workflow.config import Settings\n"
        "from workflow.project.choosing import choose_place\n"
        f"choose_place(Settings(project=Path({str(tmp_path)!r}), root=Path({str(tmp_path)!r})))\n"
        "print([name for name in sys.modules if 'docker' in name or '.container' in name])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
