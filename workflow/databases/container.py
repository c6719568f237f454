"""A database server in a container of a run's own: the last place for scratch databases.

The image must be on this machine already; none is ever fetched. It is that of the Compose
service with the project's database, else the vendor's own. The container has a name that nobody
could guess, and labels that say which project and which run it is for; it keeps its data in
memory. A run removes its own in the end, and before it starts one, those that killed runs left.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.errors import CouldNotCheck
from workflow.project.compose_files import find_compose_files
from workflow.project.container.engine import Engine, Wanted, connect
from workflow.project.container.production import variables_of
from workflow.project.container.search import is_of
from workflow.project.scratch import SERVER, is_abandoned

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.project.container.engine import Inspected

NAME = "mw-scratch-"
"""How the names of the containers begin."""

IN_CONTAINERS = Path("containers")
"""What the link of a run leads into that has its server in a container. There is no such folder."""

PROJECT = "migration-workflow.project"
RUN = "migration-workflow.run"
"""Their labels: the folder of the project, and the scratch folder of the run."""

START_SECONDS = 120.0
ASK_AGAIN_SECONDS = 0.1

NO_NETWORKS = {"none", "host"}
"""What the engine calls a network and none is."""


class Kind(NamedTuple):
    """How the images of one engine are made: https://hub.docker.com/_/postgres and its like."""

    repository: str
    port: int
    user: str
    name: str
    password: str
    """The variable that holds the password of that user."""
    version: str
    """The variable of an image that holds the server's version."""
    ready: tuple[str, ...]
    """The program in it that tells whether the server answers on the network."""


KINDS = {
    "postgresql": Kind(
        "postgres",
        5432,
        "postgres",
        "postgres",
        "POSTGRES_PASSWORD",
        "PG_MAJOR",
        ("pg_isready", "--quiet", "--host=127.0.0.1"),
    ),
    "mariadb": Kind(
        "mariadb",
        3306,
        "root",
        "",
        "MARIADB_ROOT_PASSWORD",
        "MARIADB_VERSION",
        ("mariadb-admin", "--no-defaults", "--host=127.0.0.1", "--protocol=tcp", "ping"),
    ),
    "mysql": Kind(
        "mysql",
        3306,
        "root",
        "",
        "MYSQL_ROOT_PASSWORD",
        "MYSQL_VERSION",
        ("mysqladmin", "--no-defaults", "--host=127.0.0.1", "--protocol=tcp", "ping"),
    ),
}


class Image(NamedTuple):
    """A local image that a server can be started from, and the network it is to be in."""

    kind: Kind
    identifier: str
    shown: str
    volumes: tuple[str, ...]
    network: str | None

    @property
    def origin(self) -> str:
        """Which server it is, for the middle of a sentence."""
        return f"a container of {self.shown}"


def find_image(
    settings: Settings, engine: str, major: str, networks: tuple[str, ...] | None
) -> Image:
    """Return the image to start a server of an engine from, of the version where there is one.

    ``networks`` are those of the project's container, ``None`` for a project on this machine.
    Raises CouldNotCheck, which says what to do where there is none.
    """
    kind = KINDS[engine]
    network = _network(networks)
    docker = connect(settings.variables)
    found = next(_images(docker, settings, kind, major), None)
    if found is None:
        raise CouldNotCheck(
            "no container can be started, because there is no image for it here, and none is "
            f"fetched unasked: docker pull {kind.repository}:{major}"
        )
    name, image = found
    return Image(kind, image["Id"], name, tuple(image["Config"].get("Volumes") or ()), network)


class InContainer:
    """One server, started at once. Raises CouldNotCheck where it can't be."""

    def __init__(self, image: Image, settings: Settings, scratch: Path) -> None:
        self._engine = connect(settings.variables)
        remove_left(self._engine, settings.project)
        self._link = scratch / SERVER
        self._name = f"{NAME}{secrets.token_hex(8)}"
        self._link.symlink_to(IN_CONTAINERS / self._name)
        password = secrets.token_urlsafe(24)
        wanted = Wanted(
            name=self._name,
            image=image.identifier,
            port=image.kind.port,
            labels={PROJECT: str(settings.project), RUN: str(scratch)},
            variables={image.kind.password: password},
            in_memory=image.volumes,
            network=image.network,
        )
        try:
            identifier = self._engine.start(wanted)
            self._wait(identifier, image)
            self.settings: dict[str, Any] = {
                **_address(self._engine.inspect(identifier), wanted),
                "USER": image.kind.user,
                "PASSWORD": password,
                "NAME": image.kind.name,
            }
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Remove it. Where the engine does not answer any more, the next run does."""
        with suppress(CouldNotCheck):
            self._engine.remove(self._name)
            self._link.unlink(missing_ok=True)

    def _wait(self, identifier: str, image: Image) -> None:
        """Wait until the server in it answers on the network, which it does when it is whole."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if not self._engine.inspect(identifier)["State"]["Running"]:
                break
            with suppress(CouldNotCheck):  # it ends at this very moment
                if self._engine.succeeds(identifier, image.kind.ready):
                    return
            time.sleep(ASK_AGAIN_SECONDS)
        said = " ".join(self._engine.last_lines(identifier, 3).split())
        raise CouldNotCheck(f"{image.origin} can't be started: {said[:300]}")


def end_container(link: Path, settings: Settings) -> None:
    """Remove the container that a link leads to, and the link. Raises CouldNotCheck."""
    engine = connect(settings.variables)
    name = link.readlink().name
    if name in {_name(one) for one in engine.labelled(PROJECT, str(settings.project))}:
        engine.remove(name)
    link.unlink(missing_ok=True)


def remove_left(engine: Engine, project: Path) -> None:
    """Remove the containers of this project's runs that are no longer alive."""
    for one in engine.labelled(PROJECT, str(project)):
        if is_abandoned(Path(one["Labels"].get(RUN) or "/nowhere")):
            engine.remove(one["Id"])


def _name(listed: Inspected) -> str:
    return str(listed["Names"][0]).removeprefix("/")


def _network(networks: tuple[str, ...] | None) -> str | None:
    """Return the network where the project reaches a container; ``None`` for the loopback."""
    if networks is None or "host" in networks:
        return None
    found = [name for name in networks if name not in NO_NETWORKS]
    if not found:
        raise CouldNotCheck("no container can be reached: the project's own has no network")
    return found[0]


def _address(inspected: Inspected, wanted: Wanted) -> dict[str, str]:
    network = inspected["NetworkSettings"]
    if wanted.network is not None:
        address = network["Networks"][wanted.network]["IPAddress"]
        return {"HOST": str(address), "PORT": str(wanted.port)}
    (published,) = network["Ports"][f"{wanted.port}/tcp"]
    return {"HOST": "127.0.0.1", "PORT": str(published["HostPort"])}


def _images(
    engine: Engine, settings: Settings, kind: Kind, major: str
) -> Iterator[tuple[str, Inspected]]:
    """Yield local images with a name for each: first the one that Compose has for the project."""
    files = find_compose_files(settings)
    for listed in engine.containers() if files is not None else ():
        if files is not None and is_of(listed, files):
            name = str(listed["Image"])
            with suppress(CouldNotCheck):  # it was removed since
                image = engine.image(str(listed["ImageID"]))
                if _is_of_kind(name, image, kind):
                    yield name, image
    found = [one for one in engine.images(kind.repository) if one.get("RepoTags")]
    for image in sorted(found, key=lambda one: _version(one, kind) != major):
        yield str(image["RepoTags"][0]), image


def _is_of_kind(name: str, image: Inspected, kind: Kind) -> bool:
    """Say whether an image has a server of this kind, by its name or by what is set in it."""
    last = name.rpartition("/")[2].partition(":")[0]
    return last.endswith(kind.repository) or kind.version in _set_in(image)


def _version(image: Inspected, kind: Kind) -> str | None:
    """Return the part of a server's version that counts, as its image or its tag tells it."""
    numbers = r"(\d+)" if kind.repository == "postgres" else r"(\d+\.\d+)"
    tag = str(image["RepoTags"][0]).rpartition(":")[2]
    told = _set_in(image).get(kind.version, "").rpartition(":")[2] or tag
    found = re.match(numbers, told)
    return found.group(1) if found else None


def _set_in(image: Inspected) -> Mapping[str, str]:
    return variables_of(image["Config"].get("Env"))
