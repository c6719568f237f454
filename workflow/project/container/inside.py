"""Are we inside a container ourselves, and will what is written here outlive it?

Told from ``/proc/self/mountinfo``, where every engine leaves its marks: it mounts the
container's own ``/etc/hostname`` over the image's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from workflow.outcome import Finding, Severity

if TYPE_CHECKING:
    from workflow.config import Settings

MOUNTINFO = Path("/proc/self/mountinfo")
OWN_FILES = {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}
MADE_BY_ENGINE = re.compile(r"/(overlay-)?containers/[0-9a-f]{12,}/")
ESCAPED = re.compile(r"\\([0-7]{3})")
IMAGE = {"overlay", "aufs", "fuse-overlayfs", "btrfs", "zfs"}
"""What the root of a container is, with its image below."""


class MountPoint(NamedTuple):
    """One line of mountinfo: what is mounted where, and of which kind."""

    root: str
    target: str
    kind: str
    writable: bool


def read_mountinfo(path: Path = MOUNTINFO) -> tuple[MountPoint, ...]:
    """Return the mounts of this process; none where the system has no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ()
    return tuple(_mount_point(line.split(" ")) for line in lines if " - " in line)


def _mount_point(words: list[str]) -> MountPoint:
    kind = words[words.index("-") + 1]
    root, target = (ESCAPED.sub(_unescaped, word) for word in words[3:5])
    return MountPoint(root, target, kind, writable="rw" in words[5].split(","))


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 8))


def container_around(mounts: tuple[MountPoint, ...] | None = None) -> MountPoint | None:
    """Return the mount by which an engine shows that it made our surroundings, if one did."""
    found = read_mountinfo() if mounts is None else mounts
    made = (one for one in found if one.target in OWN_FILES and MADE_BY_ENGINE.search(one.root))
    return next(made, None)


def examine_inside(
    settings: Settings, *, writes: bool, mounts: tuple[MountPoint, ...] | None = None
) -> Iterator[Finding]:
    """Yield where a migration that is written here would be lost. Silent outside containers.

    In CI it is meant to be: the checkout there lives as long as the job.
    """
    found = read_mountinfo() if mounts is None else mounts
    if container_around(found) is None or settings.variables.get("CI"):
        return
    project = PurePosixPath(os.path.realpath(settings.project))
    holding = max(
        (one for one in found if project.is_relative_to(one.target)),
        key=lambda one: len(one.target),
    )
    if holding.target == "/" and holding.kind in IMAGE:
        yield Finding(
            "ENV224",
            Severity.ERROR if writes else Severity.WARNING,
            f"This runs in a container, and {project} is part of its image: a migration that is "
            "written here is lost when the container goes.",
            f'Mount the source: docker run -v "$PWD":{project} …, or volumes in the Compose '
            "file; in a dev container, workspaceMount. Then run the same command again",
        )
    elif not holding.writable:
        yield Finding(
            "ENV215",
            Severity.ERROR if writes else Severity.WARNING,
            f"This runs in a container, and {holding.target} is mounted read-only: no migration "
            "can be saved here.",
            "Mount it writable: take ':ro' (readonly) off, then start the container anew",
        )
