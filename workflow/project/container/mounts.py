"""Which folder here is which folder there, as the engine mounted them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

DESKTOP = "/host_mnt"
"""Where Docker Desktop's own machine sees the folders of this one."""


class Mount(NamedTuple):
    """One mount of a container. ``source`` is a folder of this machine, for a bind mount."""

    kind: str
    source: Path
    target: PurePosixPath
    writable: bool
    name: str

    def covers(self, path: Path) -> bool:
        """Say whether a path of this machine lies in what is mounted."""
        return self.kind == "bind" and path.is_relative_to(self.source)

    def there(self, path: Path) -> PurePosixPath:
        """Return what a path that it covers is called there."""
        return self.target / path.relative_to(self.source).as_posix()

    def here(self, path: PurePosixPath) -> Path:
        """Return what a path below its target is called here."""
        return self.source / path.relative_to(self.target)

    @property
    def shown(self) -> str:
        """What it is, in a few words."""
        if self.kind == "bind":
            return f"the folder {self.source}"
        if self.kind == "tmpfs":
            return "a tmpfs"
        anonymous = len(self.name) == 64
        return "an anonymous volume" if anonymous else f"the volume {self.name}"


def mounts_of(inspected: Mapping[str, Any]) -> tuple[Mount, ...]:
    """Return the mounts of a container, the ones further down after those above them."""
    in_memory = [
        Mount("tmpfs", Path(), PurePosixPath(target), writable=True, name="")
        for target in inspected["HostConfig"].get("Tmpfs") or {}
    ]
    found = [*map(_mount, inspected["Mounts"]), *in_memory]
    return tuple(sorted(found, key=lambda mount: len(mount.target.parts)))


def _mount(entry: Mapping[str, Any]) -> Mount:
    source = str(entry.get("Source") or "")
    return Mount(
        entry["Type"],
        Path(os.path.realpath(source.removeprefix(DESKTOP) if entry["Type"] == "bind" else source)),
        PurePosixPath(entry["Destination"]),
        writable=bool(entry["RW"]),
        name=str(entry.get("Name") or ""),
    )


def source_mount(mounts: tuple[Mount, ...], project: Path) -> Mount | None:
    """Return the mount that brings a folder of this machine in; the closest, where several do."""
    covering = [mount for mount in mounts if mount.covers(project)]
    return max(covering, key=lambda mount: len(mount.source.parts), default=None)


def mount_at(mounts: tuple[Mount, ...], path: PurePosixPath) -> Mount | None:
    """Return the mount that a path there lies in."""
    holding = [mount for mount in mounts if path.is_relative_to(mount.target)]
    return holding[-1] if holding else None
