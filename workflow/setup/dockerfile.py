"""What a Dockerfile says about where the code lies in the image: read as text, never built."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?[-+][^}]*)?\}|(\w+))")


class Layout(NamedTuple):
    """Where an image works, and what of the build context lies where."""

    folder: PurePosixPath
    """The working directory."""
    source: PurePosixPath
    """What was copied from the build context, relative to it."""
    target: PurePosixPath
    """Where it was copied to."""
    has_environment: bool
    """Whether a virtual environment is made below ``target``, which a mount would hide."""


def read_layout(text: str, project: PurePosixPath, stage: str | None = None) -> Layout | None:
    """Return the layout of a Dockerfile's image; ``None`` where its text does not tell it.

    ``project`` is the project's folder relative to the build context. ``stage`` is the one that
    is built, the last where it is left out.
    """
    stages: dict[str, _Stage] = {}
    current = _Stage()
    for word, rest in _instructions(text):
        if word == "FROM":
            base, _, name = rest.partition(" AS ") if " AS " in rest else rest.partition(" as ")
            current = stages.get(base.strip().lower(), _Stage()).copy()
            stages[name.strip().lower() or str(len(stages))] = current
        else:
            current.read(word, rest)
    chosen = current if stage is None else stages.get(stage.lower())
    return None if chosen is None else chosen.layout(project)


class _Stage:
    """One stage, while it is read."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.folder: PurePosixPath | None = None
        self.copies: list[tuple[str, PurePosixPath]] = []
        self.makes_environment = False

    def copy(self) -> _Stage:
        """Return a stage that begins as this one ends."""
        stage = _Stage()
        stage.values, stage.folder = dict(self.values), self.folder
        stage.copies, stage.makes_environment = list(self.copies), self.makes_environment
        return stage

    def read(self, word: str, rest: str) -> None:
        """Take in one instruction."""
        if word in {"ENV", "ARG"}:
            for name, value in _assignments(rest):
                self.values[name] = self._expanded(value)
        elif word == "WORKDIR":
            self.folder = self._there(rest)
        elif word in {"COPY", "ADD"}:
            self._copy(rest)
        elif word == "RUN":
            self.makes_environment |= ".venv" in rest or "uv sync" in rest

    def layout(self, project: PurePosixPath) -> Layout | None:
        """Return where the project lies, by the last copy that brings it in."""
        if self.folder is None or "$" in str(self.folder):
            return None
        for source, target in reversed(self.copies):
            if project.is_relative_to(source) and "$" not in str(target):
                outside = self.values.get("UV_PROJECT_ENVIRONMENT", ".venv") != ".venv"
                has_one = self.makes_environment and not outside
                return Layout(self.folder, PurePosixPath(source), target, has_one)
        return None

    def _copy(self, rest: str) -> None:
        words = _words(rest)
        if any(word.startswith("--from") for word in words):
            return
        paths = [self._expanded(word) for word in words if not word.startswith("--")]
        target = self._there(paths[-1]) if len(paths) > 1 else None
        if target is not None:
            self.copies += [(path.rstrip("/") or ".", target) for path in paths[:-1]]

    def _there(self, path: str) -> PurePosixPath | None:
        below = self.folder or PurePosixPath("/")
        return below / self._expanded(path.strip().strip("\"'"))

    def _expanded(self, text: str) -> str:
        return VARIABLE.sub(lambda found: self.values.get(found[1] or found[2], found[0]), text)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\[ \t]*\n", " ", "\n".join(lines))
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word.upper(), rest.strip()


def _assignments(rest: str) -> Iterator[tuple[str, str]]:
    words = _words(rest)
    if words and "=" not in words[0]:
        yield words[0], " ".join(words[1:])
        return
    for word in words:
        name, _, value = word.partition("=")
        yield name, value


def _words(rest: str) -> list[str]:
    if rest.startswith("["):
        return re.findall(r'"([^"]*)"', rest)
    try:
        return shlex.split(rest)
    except ValueError:
        return rest.split()
