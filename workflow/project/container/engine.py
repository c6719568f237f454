"""The Docker Engine, through its SDK: what runs, how it was made, and a way in."""

from __future__ import annotations

import errno
import re
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.errors import CouldNotCheck
from workflow.project.cause import Cause, cause
from workflow.project.container.sockets import DEFAULT, has_chosen_context

if TYPE_CHECKING:
    from docker import APIClient

Inspected = Mapping[str, Any]
"""What the engine says of a container, in its own words."""

FRACTION = re.compile(r"\.\d+")

SECONDS = 10.0
"""How long the engine may take for an answer that it has at hand."""

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"


class Wanted(NamedTuple):
    """A container to be made of a local image. ``network`` is one that there is, or ``None``.

    Without one, ``port`` is published on the loopback address. ``in_memory``: folders that are
    kept in memory, so that no volume is made for them.
    """

    name: str
    image: str
    port: int
    labels: Mapping[str, str]
    variables: Mapping[str, str]
    in_memory: Sequence[str]
    network: str | None


class Engine:
    """A connection to the engine on this machine."""

    def __init__(self, client: APIClient) -> None:
        self._client = client

    def containers(
        self, *, project: str | None = None, service: str | None = None
    ) -> list[Inspected]:
        """Return the containers that Compose keeps, whatever state they are in."""
        named = {PROJECT: project, SERVICE: service}
        wanted = [f"{label}={value}" for label, value in named.items() if value is not None]
        with answering():
            found = self._client.containers(all=True, filters={"label": wanted or [PROJECT]})
        return [one for one in found if one["Labels"].get(ONE_OFF, "False") != "True"]

    def inspect(self, identifier: str) -> Inspected:
        """Return everything about one container."""
        with answering():
            found: Inspected = self._client.inspect_container(identifier)
        return found

    def has_file(self, identifier: str, path: PurePosixPath) -> bool:
        """Say whether a container has something at a path, without running anything in it."""
        client = self._client
        url = f"{client.base_url}/v{client.api_version}/containers/{identifier}/archive"
        with answering():
            answer = client.head(url, params={"path": str(path)}, timeout=SECONDS)
        return answer.status_code == 200

    def images(self, repository: str) -> list[Inspected]:
        """Return everything about the local images of a repository."""
        with answering():
            found = self._client.images(name=repository)
            return [self.image(one["Id"]) for one in found]

    def image(self, identifier: str) -> Inspected:
        """Return everything about a local image."""
        with answering():
            found: Inspected = self._client.inspect_image(identifier)  # type: ignore[no-untyped-call]
        return found

    def labelled(self, label: str, value: str) -> list[Inspected]:
        """Return the containers with a label, whatever state they are in."""
        with answering():
            found: list[Inspected] = self._client.containers(
                all=True, filters={"label": f"{label}={value}"}
            )
        return found

    def start(self, wanted: Wanted) -> str:
        """Make a container and start it; return its identifier. No image is ever fetched."""
        client, port = self._client, f"{wanted.port}/tcp"
        with answering():
            made = client.create_container(
                wanted.image,
                name=wanted.name,
                labels=dict(wanted.labels),
                environment=dict(wanted.variables),
                ports=[wanted.port],
                host_config=client.create_host_config(
                    network_mode=wanted.network or "bridge",
                    port_bindings=None if wanted.network else {port: ("127.0.0.1", None)},
                    tmpfs=dict.fromkeys(wanted.in_memory, ""),
                ),
            )
            client.start(made["Id"])
        return str(made["Id"])

    def succeeds(self, identifier: str, argv: Sequence[str]) -> bool:
        """Run a program in a container to its end; say whether it was content."""
        with answering():
            made = self._client.exec_create(identifier, list(argv))
            self._client.exec_start(made["Id"])
            code: int | None = self._client.exec_inspect(made["Id"])["ExitCode"]
        return code == 0

    def last_lines(self, identifier: str, lines: int) -> str:
        """Return what a container said last."""
        with answering():
            said: bytes = self._client.logs(identifier, tail=lines)
        return said.decode("utf-8", "replace")

    def remove(self, identifier: str) -> None:
        """Remove a container with its volumes, running or not. One that is gone may be."""
        from docker.errors import NotFound

        with answering(), suppress(NotFound):
            self._client.remove_container(identifier, force=True, v=True)

    def execute(
        self,
        identifier: str,
        argv: Sequence[str],
        *,
        folder: str,
        variables: Mapping[str, str],
    ) -> tuple[str, socket.socket]:
        """Start a program in a container; return its number there and a socket to its streams."""
        with answering():
            made = self._client.exec_create(
                identifier, list(argv), stdin=True, workdir=folder, environment=dict(variables)
            )
            stream: Any = self._client.exec_start(made["Id"], socket=True)
        raw = _of_its_own(stream)
        raw.settimeout(None)
        return made["Id"], raw

    def executed(self, number: str) -> Inspected:
        """Return what became of a program that was started."""
        with answering():
            found: Inspected = self._client.exec_inspect(number)
        return found


def _of_its_own(stream: Any) -> socket.socket:
    """Return the socket below what the SDK returned, which closes its own once it is garbage."""
    if isinstance(stream, socket.socket):  # one with TLS, which holds on to what would close it
        return stream
    raw: socket.socket = stream._sock.dup()  # noqa: SLF001 - there is no other way to it
    stream._response.close()  # noqa: SLF001
    return raw


@contextmanager
def answering() -> Iterator[None]:
    """Turn what the SDK raises into one sentence."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        raise CouldNotCheck(f"the Docker Engine refused: {error.explanation}") from error
    except (DockerException, RequestException, OSError) as error:
        raise CouldNotCheck("the Docker Engine gave no answer: it ended or hangs") from error


def connect(variables: Mapping[str, str]) -> Engine:
    """Return the engine. Raises Cause where there is none that a bind mount could come from."""
    address = engine_address(variables)
    _expect_local(address)
    if address.startswith("unix://"):
        _expect_listener(Path(address.removeprefix("unix://")))
    import docker

    try:
        return Engine(docker.APIClient(base_url=address, timeout=SECONDS, version="auto"))  # type: ignore[arg-type]
    except docker.errors.DockerException as error:
        raise _not_running(address) from error


def engine_address(variables: Mapping[str, str]) -> str:
    """Return where the engine listens: ``DOCKER_HOST``, the chosen context, or the usual socket."""
    if host := variables.get("DOCKER_HOST"):
        return host
    if variables.get("DOCKER_CONTEXT") or has_chosen_context(variables):
        from docker.context import ContextAPI

        context = ContextAPI.get_context(variables.get("DOCKER_CONTEXT"))
        if context is not None and context.Host:
            return str(context.Host)
    return f"unix://{DEFAULT}"


def _expect_local(address: str) -> None:
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2].partition(":")[0]
    if scheme == "ssh" or (scheme in {"tcp", "http", "https"} and host not in _LOCAL):
        raise cause(
            "ENV204",
            f"Docker commands go to another machine ({scheme}://{host}): it can't mount the files "
            "of this one, so its containers run other code than what you see.",
            "Use the engine of this machine: unset DOCKER_HOST, or run: docker context use default",
        )


_LOCAL = {"localhost", "127.0.0.1", "[::1]", ""}


def _expect_listener(path: Path) -> None:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(SECONDS)
            probe.connect(str(path))
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise _not_permitted(path) from error
        if error.errno == errno.ENOENT and shutil.which("docker") is None:
            raise _not_installed() from error
        raise _not_running(f"unix://{path}") from error


def _not_installed() -> Cause:
    return cause(
        "ENV201",
        "Docker is not installed on this machine, and the project runs in a container. Nothing "
        "can be said about an environment that can't be there.",
        "Install Docker (https://docs.docker.com/get-docker/), then run: migration-workflow dev",
    )


def _not_running(address: str) -> Cause:
    return cause(
        "ENV202",
        f"The Docker Engine does not answer on {address}, so no container runs.",
        "Start it (Docker Desktop, or: sudo systemctl start docker), then run: "
        "migration-workflow dev",
    )


def _not_permitted(path: Path) -> Cause:
    return cause(
        "ENV203",
        f"This user may not talk to the Docker Engine: {path} can't be opened.",
        "Join the group that may, and log in again: sudo usermod -aG docker $USER",
    )


def moment(written: str) -> float:
    """Return a moment that the engine wrote, with more digits than Python 3.10 reads."""
    whole = FRACTION.sub("", written.rstrip("Z").partition("+")[0])
    return datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp()
