"""Whether we are in a container, and whether what is written here outlives it: from mountinfo."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.config import Settings
from workflow.project.container.inside import (
    MountPoint,
    container_around,
    examine_inside,
    read_mountinfo,
)

ROOT = "1 0 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/l"
DOCKER = "2 1 254:1 /docker/containers/4c2a9f31b0de5c/hostname /etc/hostname rw - ext4 /dev/vda rw"
PODMAN = (
    "2 1 0:25 /containers/overlay-containers/9f31b0de5c4c2a/userdata/hostname /etc/hostname rw"
    " - tmpfs tmpfs rw"
)
SOURCE = "3 1 254:1 /home/you/shop /app rw,relatime - ext4 /dev/vda rw"
READ_ONLY = "3 1 254:1 /home/you/shop /app ro,relatime - ext4 /dev/vda rw"
LAPTOP = "1 0 254:1 / / rw,relatime - ext4 /dev/vda rw"
RESOLVER = "2 1 0:23 /resolvconf/resolv.conf /etc/resolv.conf rw - tmpfs tmpfs rw"


def mounts(tmp_path: Path, *lines: str) -> tuple[MountPoint, ...]:
    path = tmp_path / "mountinfo"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return read_mountinfo(path)


def codes(tmp_path: Path, *lines: str, writes: bool = True, ci: bool = False) -> list[str]:
    project = Path("/app")
    settings = Settings(project=project, root=project, variables={"CI": "true"} if ci else {})
    found = examine_inside(settings, writes=writes, mounts=mounts(tmp_path, *lines))
    return [f"{finding.code} {finding.severity.value}" for finding in found]


@pytest.mark.parametrize(("name", "line"), [("docker", DOCKER), ("podman", PODMAN)])
def test_an_engine_leaves_its_mark(tmp_path: Path, name: str, line: str) -> None:
    assert container_around(mounts(tmp_path, ROOT, line)) is not None, name


@pytest.mark.parametrize(
    ("reason", "lines"),
    [
        ("a machine", (LAPTOP,)),
        ("a resolver that is mounted", (LAPTOP, RESOLVER)),
        ("a live system with an overlay for its root", (ROOT,)),
        ("no such file", ()),
    ],
)
def test_what_is_no_container(tmp_path: Path, reason: str, lines: tuple[str, ...]) -> None:
    assert container_around(mounts(tmp_path, *lines)) is None, reason
    assert codes(tmp_path, *lines) == [], reason


def test_a_source_in_the_image_is_lost(tmp_path: Path) -> None:
    assert codes(tmp_path, ROOT, DOCKER) == ["ENV224 error"]
    assert codes(tmp_path, ROOT, DOCKER, writes=False) == ["ENV224 warning"]


def test_in_ci_it_is_meant_to_be(tmp_path: Path) -> None:
    assert codes(tmp_path, ROOT, DOCKER, ci=True) == []


def test_a_source_that_is_mounted_is_kept(tmp_path: Path) -> None:
    assert codes(tmp_path, ROOT, DOCKER, SOURCE) == []


def test_a_source_that_is_mounted_read_only(tmp_path: Path) -> None:
    assert codes(tmp_path, ROOT, DOCKER, READ_ONLY) == ["ENV215 error"]
    assert codes(tmp_path, ROOT, DOCKER, READ_ONLY, writes=False) == ["ENV215 warning"]


def test_names_with_blanks_are_read(tmp_path: Path) -> None:
    line = r"3 1 254:1 /home/you/my\040shop /my\040app rw - ext4 /dev/vda rw"
    [mount] = mounts(tmp_path, line)
    assert (mount.root, mount.target) == ("/home/you/my shop", "/my app")


def test_a_system_without_the_file(tmp_path: Path) -> None:
    assert read_mountinfo(tmp_path / "gone") == ()
