"""Is the working tree mounted, writable, where the project runs, and nothing laid over it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.project.cause import DEV
from workflow.project.container.mounts import Mount, mount_at

if TYPE_CHECKING:
    from workflow.project.container.view import View


def check_mounted(view: View) -> Iterator[Finding]:
    """Yield where the code in the container is not the code on disk."""
    if view.source is not None:
        return
    project, file = view.settings.project, view.files.shown
    other = mount_at(view.mounts, view.folder)
    if other is not None and other.kind == "bind":
        yield Finding(
            "ENV213",
            Severity.ERROR,
            f"The container of {view.service} has another checkout at {view.folder}: "
            f"{other.here(view.folder)}, not {project}. What runs in it is the code of that one.",
            f"Start it from here: {DEV}",
            data={"mounted": str(other.source)},
        )
        return
    has = f"{other.shown} is there instead" if other else "it runs the copy in its image"
    yield Finding(
        "ENV214",
        Severity.ERROR,
        f"{project} is not mounted in the container of {view.service}: {has}. Changes here do "
        "not reach it, and what it writes is lost with it.",
        f"Add to the service {view.service} in {file}: {view.volume_line()}, then run: {DEV}",
    )


def check_writable(view: View) -> Iterator[Finding]:
    """Yield where the mount is read-only."""
    if view.source is not None and not view.source.writable:
        yield Finding(
            "ENV215",
            Severity.ERROR,
            f"{view.source.source} is mounted read-only in the container of {view.service}: "
            "nothing can be left there for the host, and no throwaway copy made beside the code.",
            f"Take ':ro' (read_only) off the mount in {view.files.shown}, then run: {DEV}",
        )


def check_place(view: View) -> Iterator[Finding]:
    """Yield where the mount is at a place that the container does not work in."""
    there = view.project_there
    if there is None or there.is_relative_to(view.folder) or view.folder.is_relative_to(there):
        return
    yield Finding(
        "ENV216",
        Severity.ERROR,
        f"{view.settings.project} is mounted at {there}, but {view.service} works in "
        f"{view.folder}: it runs what lies there, not the code on disk.",
        f"Mount it where it works: {view.volume_line()} in {view.files.shown}; or set "
        f"working_dir: {there}. Then run: {DEV}",
    )


def check_shadows(view: View, files: Sequence[str]) -> Iterator[Finding]:
    """Yield each mount that lies over an app or its migrations."""
    there = view.project_there
    if there is None:
        return
    for mount in view.mounts:
        if mount is view.source or not mount.target.is_relative_to(there):
            continue
        folder = mount.target.relative_to(there)
        here = view.settings.project / folder
        if _same_folder(mount, here) or not _hides_code(folder, files, here):
            continue
        yield Finding(
            "ENV217",
            Severity.ERROR,
            f"In the container of {view.service}, {mount.shown} lies over "
            f"{folder.as_posix()}: it hides what is on disk, and a migration written there is not "
            "in your tree.",
            f"Take the line that ends in :{mount.target} (or is just that) out of the volumes of "
            f"{view.service} in {view.files.shown}, then run: {DEV} (and remove the volume once "
            "nothing in it is needed: docker volume ls)",
            path=folder.as_posix(),
        )


def _same_folder(mount: Mount, here: Path) -> bool:
    return mount.kind == "bind" and mount.source == here.resolve()


def _hides_code(folder: PurePosixPath, files: Sequence[str], here: Path) -> bool:
    """Say whether a folder of the project holds migrations, or is an app or within one."""
    if folder.parts[-1:] == ("migrations",) or "migrations" in folder.parts:
        return True
    if any(PurePosixPath(name).is_relative_to(folder) for name in files):
        return True
    return (here / "__init__.py").is_file()
