"""Which folder here is which there."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from workflow.project.container.mounts import mount_at, mounts_of


def entry(kind: str, source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"Type": kind, "Source": source, "Destination": target, "RW": True, **more}


def inspected(*mounts: dict[str, Any], **tmpfs: str) -> dict[str, Any]:
    return {"Mounts": list(mounts), "HostConfig": {"Tmpfs": tmpfs or None}}


def test_paths_lead_there_and_back(tmp_path: Path) -> None:
    [mount] = mounts_of(inspected(entry("bind", str(tmp_path), "/app")))
    here, there = tmp_path / "shop/models.py", PurePosixPath("/app/shop/models.py")
    assert mount.covers(here)
    assert mount.there(here) == there
    assert mount.here(there) == here


def test_a_folder_of_docker_desktop_is_the_one_it_stands_for(tmp_path: Path) -> None:
    [mount] = mounts_of(inspected(entry("bind", f"/host_mnt{tmp_path}", "/app")))
    assert mount.source == tmp_path


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    [mount] = mounts_of(inspected(entry("bind", str(tmp_path / "link"), "/app")))
    assert mount.covers(tmp_path / "real")


def test_a_volume_covers_nothing_of_this_machine(tmp_path: Path) -> None:
    [mount] = mounts_of(inspected(entry("volume", str(tmp_path), "/app")))
    assert not mount.covers(tmp_path)


def test_of_several_the_innermost_holds_a_path() -> None:
    mounts = mounts_of(
        inspected(
            entry("volume", "/v", "/app/shop", Name="kept"),
            entry("bind", "/home/you", "/app"),
        )
    )
    assert [str(mount.target) for mount in mounts] == ["/app", "/app/shop"]
    found = mount_at(mounts, PurePosixPath("/app/shop/migrations"))
    assert found is not None
    assert found.shown == "the volume kept"
    assert mount_at(mounts, PurePosixPath("/data")) is None


@pytest.mark.parametrize(
    ("mount", "shown"),
    [
        (entry("bind", "/home/you", "/app"), "the folder /home/you"),
        (entry("volume", "/v", "/app", Name="kept"), "the volume kept"),
        (entry("volume", "/v", "/app", Name="0" * 64), "an anonymous volume"),
    ],
)
def test_what_it_is_called(mount: dict[str, Any], shown: str) -> None:
    assert mounts_of(inspected(mount))[0].shown == shown


def test_a_tmpfs_is_listed_elsewhere() -> None:
    [mount] = mounts_of({"Mounts": [], "HostConfig": {"Tmpfs": {"/app/shop": ""}}})
    assert (mount.shown, str(mount.target)) == ("a tmpfs", "/app/shop")
