"""A server in a container of a run's own: the last place where scratch databases are made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.containers.stack import BASE, DEV, MARIADB, POSTGRES, Stack, web
from tests.e2e.shop import PROGRAM
from workflow.config import Settings
from workflow.databases.container import (
    KINDS,
    NAME,
    PROJECT,
    RUN,
    InContainer,
    find_image,
)
from workflow.databases.left import end_left_servers
from workflow.databases.places import Databases, Target
from workflow.errors import CouldNotCheck
from workflow.project.scratch import SERVER, Scratch

TAG = "migration-workflow-test"

PUBLIC = {
    "postgresql": ("postgres", POSTGRES, "PG_MAJOR=15", "15", "/var/lib/postgresql/data"),
    "mariadb": ("mariadb", MARIADB, "MARIADB_VERSION=1:10.11.6+x", "10.11", "/var/lib/mysql"),
}
"""Of each engine the vendor's repository, our image that does as theirs, and what is set in it."""

LIMITED = (
    "CREATE ROLE limited LOGIN PASSWORD 'limited'",
    "ALTER DATABASE shop OWNER TO limited",
)


def docker(*words: str, told: str | None = None) -> str:
    done = subprocess.run(
        ["docker", *words], input=told, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="session")
def public(engine: None) -> Iterator[None]:
    """Images of the vendors' names, with a tag of ours, that say their version as theirs do.

    Their entry points are those that are here now, whatever the images were built with.
    """
    for repository, image, variable, _, volume in PUBLIC.values():
        file = f"FROM {image}\nENV {variable}\nVOLUME {volume}\n"
        file += f"COPY {repository}-entrypoint.sh /usr/local/bin/entrypoint\n"
        where = ("--tag", f"{repository}:{TAG}", "--file", "-", str(Path(__file__).parent))
        docker("build", "--quiet", *where, told=file)
    yield
    for repository, *_ in PUBLIC.values():  # another worker may have removed them just now
        remove = ["docker", "image", "rm", f"{repository}:{TAG}"]
        subprocess.run(remove, capture_output=True, check=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path)


@pytest.fixture
def run(settings: Settings) -> Iterator[Scratch]:
    """A run that is alive."""
    run = Scratch(settings.state_folder)
    yield run
    run.remove()


def of_project(folder: Path) -> list[str]:
    """Return the containers that are labelled as some run's of a project."""
    return docker("ps", "-aq", "--no-trunc", "--filter", f"label={PROJECT}={folder}").split()


def made(folder: Path, run: Path | None, clean: Callable[[str], None]) -> str:
    """Make a container with the labels of a run, which is all that a sweep looks at."""
    labels = [] if run is None else ["--label", f"{PROJECT}={folder}", "--label", f"{RUN}={run}"]
    identifier = docker("create", "--name", f"{NAME}{uuid.uuid4().hex}", *labels, BASE)
    clean(identifier)
    return identifier


@pytest.fixture
def clean(engine: None) -> Iterator[Callable[[str], None]]:
    """Remove containers in the end, where they are there then."""
    left: list[str] = []
    yield left.append
    for identifier in left:
        subprocess.run(["docker", "rm", "-f", identifier], capture_output=True, check=False)


def ask(name: str, settings: dict[str, Any]) -> Any:
    """Log in as the settings say, and return the answer to a query."""
    host, port, password = settings["HOST"], int(settings["PORT"]), settings["PASSWORD"]
    if name == "postgresql":
        connection = import_module("psycopg").connect(
            host=host, port=port, user=settings["USER"], password=password, dbname=settings["NAME"]
        )
    else:
        connection = import_module("MySQLdb").connect(
            host=host, port=port, user=settings["USER"], password=password
        )
    cursor = connection.cursor()
    cursor.execute("SELECT version()")
    (row,) = cursor.fetchall()
    connection.close()
    return row[0]


@pytest.mark.parametrize("name", PUBLIC)
def test_it_runs_for_us_alone_and_ends(
    name: str, public: None, settings: Settings, run: Scratch
) -> None:
    repository, _, _, major, volume = PUBLIC[name]
    image = find_image(settings, name, major, None)
    assert image.origin.startswith(f"a container of {repository}:")
    server = InContainer(image, settings, run.folder)
    (there,) = of_project(settings.project)
    (inspected,) = json.loads(docker("inspect", there))
    ports = inspected["NetworkSettings"]["Ports"].values()
    assert {one["HostIp"] for port in ports for one in port or ()} == {"127.0.0.1"}
    assert inspected["Mounts"] == []
    assert volume in inspected["HostConfig"]["Tmpfs"]
    assert major in str(ask(name, server.settings))
    server.end()
    assert of_project(settings.project) == []
    assert not (run.folder / SERVER).is_symlink()


def test_those_of_killed_runs_are_removed_and_nobody_elses(
    settings: Settings, run: Scratch, tmp_path: Path, clean: Callable[[str], None]
) -> None:
    killed = Scratch(settings.state_folder)
    folder = killed.folder
    left = made(settings.project, folder, clean)
    (folder / SERVER).symlink_to(
        Path("containers", docker("inspect", "--format", "{{.Name}}", left)[1:])
    )
    living = made(settings.project, run.folder, clean)
    other = made(tmp_path / "other", folder, clean)
    stranger = made(settings.project, None, clean)

    end_left_servers(settings)
    assert set(of_project(settings.project)) == {left, living}

    os.close(killed._lock)  # as the system does when a process ends
    end_left_servers(settings)
    assert of_project(settings.project) == [living]
    assert not (folder / SERVER).is_symlink()
    assert of_project(tmp_path / "other") == [other]
    assert docker("ps", "-aq", "--no-trunc", "--filter", f"id={stranger}") == stranger


def test_whoever_starts_one_removes_what_no_link_leads_to(
    public: None, settings: Settings, run: Scratch, tmp_path: Path, clean: Callable[[str], None]
) -> None:
    """Somebody removed the folder of ours by hand, and the link with it."""
    made(settings.project, tmp_path / "gone", clean)
    image = find_image(settings, "postgresql", "15", None)
    server = InContainer(image, settings, run.folder)
    assert len(of_project(settings.project)) == 1
    server.end()
    assert of_project(settings.project) == []


def test_one_that_ends_at_once_is_told_and_removed(
    public: None, settings: Settings, run: Scratch
) -> None:
    image = find_image(settings, "postgresql", "15", None)
    wrong = image._replace(kind=image.kind._replace(password="NOTHING"))
    with pytest.raises(CouldNotCheck, match=r"^a container of .* can't be started: .*PASSWORD"):
        InContainer(wrong, settings, run.folder)
    assert of_project(settings.project) == []
    assert not (run.folder / SERVER).is_symlink()


def test_an_image_is_asked_for_and_never_fetched(
    engine: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = KINDS["mysql"]._replace(repository="migration-workflow-nowhere")
    monkeypatch.setitem(KINDS, "mysql", nowhere)
    with pytest.raises(CouldNotCheck) as caught:
        find_image(settings, "mysql", "8.0", None)
    assert str(caught.value) == (
        "no container can be started, because there is no image for it here, and none is fetched "
        "unasked: docker pull migration-workflow-nowhere:8.0"
    )


@pytest.mark.parametrize(
    ("networks", "network"), [(("host",), None), (("none", "shop"), "shop"), (None, None)]
)
def test_where_the_project_reaches_it(
    networks: tuple[str, ...] | None, network: str | None, public: None, settings: Settings
) -> None:
    assert find_image(settings, "postgresql", "15", networks).network == network


def test_a_container_without_a_network_reaches_none(engine: None, settings: Settings) -> None:
    with pytest.raises(CouldNotCheck, match=r"^no container can be reached: the project's own"):
        find_image(settings, "postgresql", "15", ("none",))


def test_it_is_the_last_place(
    public: None, settings: Settings, run: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.databases.places.find_programs", lambda *_, **__: ())
    databases = Databases(settings, Target("postgresql", "15.1", None), run)
    own, last = databases.places()
    assert own == {"programs": [], "copy_megabytes": 2000}
    assert last["origin"].startswith("a container of postgres:")
    assert len(of_project(settings.project)) == 1
    databases.close()
    assert of_project(settings.project) == []


def test_without_an_engine_that_is_said(
    run: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.databases.places.find_programs", lambda *_, **__: ())
    deaf = {"DOCKER_HOST": f"unix://{tmp_path / 'nobody.sock'}"}
    settings = Settings(tmp_path, tmp_path, variables=deaf)
    databases = Databases(settings, Target("postgresql", "15.1", None), run)
    assert len(list(databases.places())) == 1
    assert len(databases.failures) == 1
    assert "Docker" in databases.failures[0]


@pytest.fixture
def limited(public: None, stack: Stack) -> Stack:
    """A project in a container whose database's user may not create another."""
    variables = {"DEBUG": "on", "DATABASE_URL": "postgresql://limited:limited@db:5432/shop"}
    database = {
        "image": f"postgres:{TAG}",
        "environment": {
            "POSTGRES_USER": "shop",
            "POSTGRES_PASSWORD": "shop",
            "POSTGRES_DB": "shop",
        },
        "stop_grace_period": "0s",
        "healthcheck": {
            "test": ["CMD", "pg_isready", "-h", "localhost", "-U", "shop"],
            "interval": "1s",
            "retries": 60,
        },
    }
    service = web(network_mode=None, environment=variables)
    stack.write(DEV, json.dumps({"services": {"web": service, "db": database}}))
    stack.start("--wait")
    words = ("exec", "-T", "-e", "PGPASSWORD=shop", "db", "psql", "-h", "localhost", "-U", "shop")
    stack.compose(*words, *(word for sql in LIMITED for word in ("-c", sql)))
    return stack


def test_a_project_in_a_container_has_it_beside_itself(limited: Stack) -> None:
    """No server of this machine is within its reach. The image is that of its own database."""
    done = limited.json("test-migrations-clean")
    assert done.code == 0, done.stderr[-3000:]
    told = {gate["name"]: gate for gate in done.document["gates"]}["clean"]["scratch"]
    assert told["where"] == f"a container of postgres:{TAG}"
    assert told["engine"] == told["own_engine"]
    assert of_project(limited.folder) == []

    running = subprocess.Popen(
        [*PROGRAM, "test-migrations-clean"],
        cwd=limited.folder,
        env=limited.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while not of_project(limited.folder) and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(of_project(limited.folder)) == 1
    assert limited.json("pre-check").code == 0
    assert of_project(limited.folder) == []
