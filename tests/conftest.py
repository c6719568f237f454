"""What every test gets, and what no test may do without saying so.

A test that needs the network, a Docker engine or the user's home directory says it with a
marker. The guard below refuses the rest, and names the marker that was forgotten. Programs
that a test starts are kept away by their environment: an empty home directory, and a proxy
that nobody answers.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.two_apps import Project

MARKERS = {
    "pypi": "installs packages from the package index",
    "docker": "talks to a Docker engine",
    "home": "writes into the user's home directory",
}
"""Each marker that lifts the guard from something, and what that is."""

STRUCK = "struck"
"""The property of a test that says how many runs it killed."""

HOME = os.path.realpath(Path.home())
LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Guard:
    """Hears what the interpreter is about to do, and refuses what the test did not announce."""

    def __init__(self) -> None:
        self.markers: set[str] | None = None
        self.allowed_folders: tuple[str, ...] = ()

    def hear(self, event: str, arguments: Sequence[Any]) -> None:
        if self.markers is None:
            return
        if event == "socket.connect":
            self._connect(arguments[1])
        elif event == "subprocess.Popen":
            self._start([os.fsdecode(word) for word in arguments[1]])
        elif event == "open":
            self._open(*arguments)
        elif event in {"os.mkdir", "os.remove", "os.rmdir"}:
            self._write(arguments[0])
        elif event in {"os.rename", "os.link", "os.symlink"}:
            self._write(arguments[1])

    def _connect(self, address: object) -> None:
        if isinstance(address, tuple):
            if address[0] not in LOCAL_HOSTS:
                self._need("pypi", f"connects to {address[0]}")
        elif "docker" in str(address):
            self._need("docker", f"connects to {address}")

    def _start(self, argv: Sequence[str]) -> None:
        program = Path(argv[0]).name if argv else ""
        if program in {"docker", "podman"}:
            self._need("docker", f"starts {program}")
        if program in {"pip", "uv", "uvx"} or list(argv[1:3]) == ["-m", "pip"]:
            self._need("pypi", f"starts {' '.join(argv[:4])}")

    def _open(self, path: object, mode: str | None, flags: int) -> None:
        writes = bool(set(mode) & set("wax+")) if mode is not None else bool(flags & WRITING)
        if writes:
            self._write(path)

    def _write(self, path: object) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            real = os.path.realpath(os.fsdecode(path))
            at_home = real == HOME or real.startswith(HOME + os.sep)
            if at_home and not real.startswith(self.allowed_folders):
                self._need("home", f"writes {real}")

    def _need(self, marker: str, doing: str) -> None:
        if self.markers is not None and marker not in self.markers:
            raise PermissionError(
                f"this test {doing}: mark it with @pytest.mark.{marker} ({MARKERS[marker]})"
            )


GUARD = Guard()
sys.addaudithook(GUARD.hear)


def pytest_configure(config: pytest.Config) -> None:
    known = {line.partition(":")[0] for line in config.getini("markers")}
    for name, meaning in MARKERS.items():
        if name not in known:
            config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed = terminalreporter.getreports("passed")
    struck = sum(dict(report.user_properties).get(STRUCK, 0) for report in passed)
    if struck:
        terminalreporter.write_line(f"{struck} runs were killed, and left nothing half done")


@pytest.fixture(autouse=True)
def guard(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Guard]:
    """Keep a test away from the network, from Docker and from the home directory."""
    markers = {mark.name for mark in request.node.iter_markers()}
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):  # the tests of a report say them
        monkeypatch.delenv(name, raising=False)
    if "home" not in markers:
        monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "home"))
    if "pypi" not in markers:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
    GUARD.allowed_folders = (
        os.path.realpath(tmp_path_factory.getbasetemp()),
        os.path.realpath(request.config.rootpath),
        os.path.realpath(sys.prefix),
    )
    GUARD.markers = markers
    yield GUARD
    GUARD.markers = None


@pytest.fixture(scope="session")
def two_apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with every migration applied, made once in a session."""
    made = Project(tmp_path_factory.mktemp("two-apps") / "project")
    made.create()
    made.manage("migrate", "--verbosity=0")
    return made.folder


@pytest.fixture
def project(two_apps: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of that project, database and all."""
    folder = tmp_path / "project"
    shutil.copytree(two_apps, folder, ignore=shutil.ignore_patterns("__pycache__"))
    copied = Project(folder)
    yield copied
    copied.close()
