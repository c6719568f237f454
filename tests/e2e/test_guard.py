"""The guard of tests/conftest.py refuses what a test did not announce, and names the marker."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import HOME

PROBE = Path(HOME, ".migration-workflow-guard-probe")


def connect(address: tuple[str, int] | str) -> None:
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    with socket.socket(family) as one:
        one.settimeout(0.01)
        one.connect(address)


REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "a connection": ("pypi", lambda: connect(("192.0.2.1", 443))),
    "pip": ("pypi", lambda: subprocess.run([sys.executable, "-m", "pip", "--version"], check=True)),
    "uv": ("pypi", lambda: subprocess.run(["uv", "--version"], check=True)),
    "docker": ("docker", lambda: subprocess.run(["docker", "version"], check=True)),
    "docker's socket": ("docker", lambda: connect("/nowhere/docker.sock")),
    "a file at home": ("home", lambda: PROBE.write_text("", encoding="utf-8")),
    "a folder at home": ("home", PROBE.mkdir),
    "a file taken from home": ("home", PROBE.unlink),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name: str) -> None:
    marker, act = REFUSED[name]
    with pytest.raises(PermissionError, match=rf"mark it with @pytest\.mark\.{marker} "):
        act()
    assert not PROBE.exists()


@pytest.mark.docker
def test_a_marker_lifts_it() -> None:
    with pytest.raises(FileNotFoundError):
        connect("/nowhere/docker.sock")


def test_this_machine_may_be_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect(server.getsockname())
    (tmp_path / "file").write_text("", encoding="utf-8")


def test_programs_get_another_home(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "from pathlib import Path; print(Path.home())"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.strip() != HOME
