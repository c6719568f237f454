"""What only Compose knows: the files as it reads them, and how to start what they say."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflow.project import process
from workflow.project.cause import Cause, cause
from workflow.project.secrets import redact, secret_values

if TYPE_CHECKING:
    from workflow.project.compose_files import ComposeFiles

Service = Mapping[str, Any]
"""One service, as ``docker compose config`` writes it. Holds secrets: never shown as a whole."""

SECONDS = 30.0
BUILD_SECONDS = 3600.0


class Compose:
    """The Compose command on one project's files."""

    def __init__(self, files: ComposeFiles, variables: Mapping[str, str]) -> None:
        self.files = files
        self._secrets = secret_values(variables)
        self._folder_of_plugins = Path(variables.get("DOCKER_CONFIG") or Path.home() / ".docker")
        self._pool = ThreadPoolExecutor(2)
        # Both take a while and neither needs the other, nor us: we import the SDK meanwhile.
        self._config = self._pool.submit(self._run, "config", "--format", "json")
        self._hashes = self._pool.submit(self._run, "config", "--hash", "*")
        self._pool.shutdown(wait=False)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The files as Compose understands them. Raises Cause where it does not."""
        done = self._config.result()
        if done.code != 0:
            raise self._not_understood(done.stderr)
        config: Mapping[str, Any] = json.loads(done.stdout)
        return config

    @property
    def name(self) -> str:
        """The name of the Compose project, which its containers carry."""
        return str(self.config["name"])

    @property
    def services(self) -> Mapping[str, Service]:
        """Every service by its name, those of any profile included."""
        services: Mapping[str, Service] = self.config.get("services") or {}
        return services

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """What Compose would label each service's container with, were it started now."""
        lines = [line.split() for line in self._hashes.result().stdout.splitlines()]
        return {line[0]: line[1] for line in lines if len(line) == 2}

    @cached_property
    def version(self) -> str:
        """The version of Compose."""
        argv = ["docker", "compose", "version", "--short"]
        return process.run(argv, cwd=self.files.folder, seconds=SECONDS).stdout.strip()

    def words(self, *words: str, profiles: tuple[str, ...] = ()) -> list[str]:
        """Return the command line for one command of Compose on these files."""
        files = [word for path in self.files.paths for word in ("-f", str(path))]
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        return ["docker", "compose", *files, *chosen, *words]

    def up_words(self, service: str) -> list[str]:
        """Return the command that builds and starts everything, and waits until it is healthy."""
        profiles = tuple(self.services[service].get("profiles") or ())
        return self.words("up", "-d", "--build", "--wait", profiles=profiles)

    def up(self, service: str, hear: Callable[[str], None]) -> process.Completed:
        """Build and start everything, and wait until it is healthy. Secrets are not passed on."""
        done = process.follow(
            self.up_words(service),
            cwd=self.files.folder,
            hear=lambda line: hear(self.safe(line)),
            seconds=BUILD_SECONDS,
        )
        return done._replace(stderr=self.safe(done.stderr))

    def safe(self, text: str) -> str:
        """Return what Compose said without the secrets of the environment, here and there."""
        return redact(text, (*self._secrets, *self._secrets_there()))

    def _secrets_there(self) -> Iterator[str]:
        if "config" in self.__dict__:
            for service in self.services.values():
                yield from secret_values(service.get("environment") or {})

    def _run(self, *words: str) -> process.Completed:
        if shutil.which("docker") is None:
            return process.Completed(127, "", NO_COMMAND)
        _, _, *rest = self.words(*words, profiles=("*",))
        argv = [*_reading_command(self._folder_of_plugins), *rest]
        return process.run(argv, cwd=self.files.folder, seconds=SECONDS)

    def _not_understood(self, said: str) -> Cause:
        if said == NO_COMMAND or any(sign in said for sign in NO_PLUGIN):
            return _no_compose()
        lines = [line for line in self.safe(said).splitlines() if "level=warning" not in line]
        return cause(
            "ENV206",
            f"Compose does not accept {self.files.shown}: {' '.join(lines).strip()} So nobody can "
            "say what the environment should be.",
            f"Correct it; this shows the same: docker compose -f {self.files.shown} config --quiet",
        )


NO_COMMAND = "no docker command"
NO_PLUGIN = ("unknown shorthand flag", "is not a docker command", "unknown command")
"""What the docker command says to ``docker compose -f …`` where it has no such plugin."""


def _reading_command(settings: Path) -> list[str]:
    """Return the plugin itself where it is the user's own: the docker command starts it twice."""
    plugin = settings / "cli-plugins" / "docker-compose"
    return [str(plugin)] if os.access(plugin, os.X_OK) else ["docker", "compose"]


def _no_compose() -> Cause:
    old = shutil.which("docker-compose")
    what = f"only the old docker-compose ({old}) is" if old else "it is not"
    return cause(
        "ENV205",
        f"Compose v2 is needed (docker compose), and {what} installed: nobody can say what the "
        "environment should be.",
        "Install it: https://docs.docker.com/compose/install/linux/",
    )
