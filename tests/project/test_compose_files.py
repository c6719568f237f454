"""Which Compose files a project has, told by names alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.config import Settings
from workflow.project.compose_files import find_compose_files


def names(settings: Settings) -> list[str] | None:
    found = find_compose_files(settings)
    return None if found is None else [str(p.relative_to(settings.root)) for p in found.paths]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    project = tmp_path / "backend"
    project.mkdir()
    return Settings(project=project, root=tmp_path)


def make(settings: Settings, *files: str) -> None:
    for name in files:
        (settings.root / name).write_text("services: {}\n", encoding="ascii")


def test_none(settings: Settings) -> None:
    make(settings, "docker-compose.test.yml", "compose.txt")
    assert names(settings) is None


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (("docker-compose.yml", "docker-compose.dev.yml"), "docker-compose.dev.yml"),
        (("compose.yaml", "compose.dev.yaml"), "compose.dev.yaml"),
        (("compose.yaml", "docker-compose.yml"), "compose.yaml"),
        (("backend/docker-compose.yml", "docker-compose.yml"), "backend/docker-compose.yml"),
        (("backend/docker-compose.yml", "docker-compose.dev.yml"), "docker-compose.dev.yml"),
    ],
)
def test_by_its_name(settings: Settings, files: tuple[str, ...], found: str) -> None:
    make(settings, *files)
    assert names(settings) == [found]


def test_nothing_above_the_repository(settings: Settings, tmp_path: Path) -> None:
    make(settings, "docker-compose.dev.yml")
    assert names(settings._replace(root=settings.project)) is None


def test_what_is_configured_comes_first(settings: Settings) -> None:
    make(settings, "docker-compose.dev.yml", "a.yml", "b.yml")
    assert names(settings._replace(compose_file=("a.yml", "b.yml"))) == ["a.yml", "b.yml"]


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"COMPOSE_FILE": "a.yml"}, ["a.yml"]),
        ({"COMPOSE_FILE": "a.yml:b.yml"}, ["a.yml", "b.yml"]),
        ({"COMPOSE_FILE": "a.yml;b.yml", "COMPOSE_PATH_SEPARATOR": ";"}, ["a.yml", "b.yml"]),
        ({"COMPOSE_FILE": ""}, ["docker-compose.dev.yml"]),
    ],
)
def test_what_the_variable_names(
    settings: Settings, variables: dict[str, str], found: list[str]
) -> None:
    make(settings, "docker-compose.dev.yml", "a.yml", "b.yml")
    assert names(settings._replace(variables=variables)) == found
