"""The Compose files of a project, read without Docker: a machine may not have it yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.project.container.service import USUAL, is_built_from_project, mounts_project
from workflow.setup.writing import NotReadable, read
from workflow.setup.yaml import load

if TYPE_CHECKING:
    from workflow.project.compose_files import ComposeFiles

OVERRIDE = ("compose.override.yaml", "compose.override.yml")
OLD_OVERRIDE = ("docker-compose.override.yml", "docker-compose.override.yaml")
"""Files that Compose adds by itself to a file of a usual name; not where it is named to it."""


class Services(NamedTuple):
    """The services of the files, each as far as it matters here."""

    files: tuple[Path, ...]
    services: Mapping[str, Mapping[str, Any]]

    @property
    def folder(self) -> Path:
        """What relative paths in the files start from."""
        return self.files[0].parent

    def of(self, project: Path, configured: str | None) -> str | None:
        """Return the service that runs a project: the configured one, else the likeliest."""
        if configured is not None:
            return configured if configured in self.services else None
        for is_meant in (mounts_project, is_built_from_project):
            found = [name for name, one in self.services.items() if is_meant(one, project)]
            if found:
                return min(found, key=_rank)
        return None

    def mounts(self, name: str, project: Path) -> bool:
        """Say whether a service has the project mounted."""
        return mounts_project(self.services[name], project)

    def build(self, name: str) -> Mapping[str, Any] | None:
        """Return how the image of a service is built, ``None`` where it is not built here."""
        build: Mapping[str, Any] | None = self.services[name].get("build")
        return build


def read_services(files: ComposeFiles) -> Services:
    """Return what the files say together. Raises NotReadable, which names the file."""
    services: dict[str, dict[str, Any]] = {}
    paths = (*files.paths, *override_of(files))
    for path in paths:
        for name, service in _services(path).items():
            if isinstance(service, dict):
                known = services.setdefault(str(name), {"volumes": []})
                known.update(_normal(service, known, files.folder))
    return Services(paths, services)


def override_of(files: ComposeFiles) -> tuple[Path, ...]:
    """Return the file that ``docker compose up`` would add to the one it finds, if there is one."""
    if len(files.paths) > 1:
        return ()
    beside = [files.folder / name for name in (*OVERRIDE, *OLD_OVERRIDE)]
    return tuple(path for path in beside if path.is_file() and path not in files.paths)[:1]


def _services(path: Path) -> Mapping[str, Any]:
    try:
        data = load(read(path) or "") or {}
    except NotReadable as error:
        raise NotReadable(f"{path.name}: {error}") from error
    services = data.get("services") if isinstance(data, dict) else None
    return services if isinstance(services, dict) else {}


def _normal(service: Mapping[str, Any], known: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a service in the form that Compose itself writes, as far as it matters here."""
    normal: dict[str, Any] = {key: value for key, value in service.items() if key == "working_dir"}
    normal["volumes"] = [*known["volumes"], *_volumes(service.get("volumes"), folder)]
    normal["image"] = service.get("image", known.get("image"))
    build = service.get("build")
    if isinstance(build, str):
        build = {"context": build}
    if isinstance(build, dict) and not str(build.get("context", ".")).startswith(("http", "git")):
        context = (folder / str(build.get("context", "."))).resolve()
        normal["build"] = {**build, "context": str(context)}
    return normal


def _volumes(volumes: Any, folder: Path) -> Iterator[dict[str, str]]:
    for volume in volumes if isinstance(volumes, list) else ():
        if isinstance(volume, dict):
            kind, source = volume.get("type"), volume.get("source")
            target = volume.get("target")
        else:
            source, _, target = str(volume).partition(":")
            kind = "bind" if source.startswith((".", "/", "~")) and target else "volume"
        if kind == "bind" and source:
            path = (folder / Path(str(source)).expanduser()).resolve()
            target = str(target).partition(":")[0]
            yield {"type": "bind", "source": str(path), "target": target}


def _rank(name: str) -> int:
    return USUAL.index(name) if name in USUAL else len(USUAL)
