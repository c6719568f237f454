"""Which service of the Compose files runs the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.project.cause import cause

if TYPE_CHECKING:
    from workflow.project.container.compose import Compose, Service

USUAL = ("web", "app", "django", "backend", "api", "server")


def find_service(compose: Compose, project: Path, configured: str | None) -> str:
    """Return the configured service, else the one that mounts the project, or is built from it.

    Raises Cause where there is none.
    """
    services = compose.services
    if configured is not None:
        if configured not in services:
            raise cause(
                "ENV207",
                f"{compose.files.shown} defines no service {configured}; it defines "
                f"{', '.join(services) or 'none'}. There is nothing to run the project in.",
                "Correct 'service' in [tool.django-migration-workflow], or define it.",
            )
        return configured
    for is_meant in (mounts_project, is_built_from_project):
        found = [name for name, service in services.items() if is_meant(service, project)]
        if found:
            return min(found, key=lambda name: _rank(name, services[name]))
    raise cause(
        "ENV207",
        f"No service of {compose.files.shown} ({', '.join(services) or 'it defines none'}) mounts "
        f"or builds {project}: there is nothing to run the project in.",
        'Say which one runs it: service = "NAME" in [tool.django-migration-workflow]. Where it '
        'runs on this machine: runs = "host".',
    )


def mounts_project(service: Service, project: Path) -> bool:
    """Say whether a service mounts a folder of this machine that holds the project."""
    return any(project.is_relative_to(source) for source in _bound(service))


def is_built_from_project(service: Service, project: Path) -> bool:
    """Say whether a service's image is built from a folder that holds the project."""
    context = (service.get("build") or {}).get("context")
    return context is not None and project.is_relative_to(Path(context).resolve())


def _bound(service: Service) -> Iterator[Path]:
    for volume in service.get("volumes") or ():
        if volume["type"] == "bind":
            yield Path(volume["source"]).resolve()


def _rank(name: str, service: Mapping[str, object]) -> tuple[int, bool]:
    """Order services that may be meant: a usual name first, then one that publishes a port."""
    usual = USUAL.index(name) if name in USUAL else len(USUAL)
    return usual, not service.get("ports")
