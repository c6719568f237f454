"""Where the code lies in an image, as far as the Dockerfile's text tells."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from workflow.setup.dockerfile import read_layout

TOLD = {
    "FROM python\nWORKDIR /app\nCOPY . .\n": (".", "/app"),
    "FROM python\nWORKDIR /app\nADD ./ /app/\n": (".", "/app"),
    "FROM python\nWORKDIR /srv\nWORKDIR app\nCOPY . .\n": (".", "/srv/app"),
    "FROM python\nARG HOME_OF=/app\nWORKDIR ${HOME_OF}\nCOPY . $HOME_OF\n": (".", "/app"),
    "FROM python\nENV A=/x B=/app\nWORKDIR $B\nCOPY --chown=1:1 . $B\n": (".", "/app"),
    "FROM python\nWORKDIR /app\nCOPY src src\n": ("src", "/app/src"),
    'FROM python\nWORKDIR /app\nCOPY ["src", "/app/"]\n': ("src", "/app"),
    "FROM python AS base\nWORKDIR /app\nFROM base\nCOPY . .\n": (".", "/app"),
    "FROM python\nWORKDIR /app\n# COPY nothing .\nCOPY \\\n  . .\n": (".", "/app"),
}


@pytest.mark.parametrize("text", TOLD)
def test_it_is_told(text: str) -> None:
    layout = read_layout(text, PurePosixPath("src"))
    assert layout is not None
    assert (str(layout.source), str(layout.target)) == TOLD[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FROM python\nWORKDIR /app\nRUN git clone x\n",
        "FROM python\nCOPY . /app\n",
        "FROM python\nWORKDIR $NOWHERE\nCOPY . .\n",
        "FROM python AS a\nWORKDIR /app\nFROM python\nWORKDIR /app\nCOPY --from=a /app .\n",
        "FROM python\nWORKDIR /app\nCOPY requirements.txt .\n",
    ],
)
def test_it_is_not_guessed(text: str) -> None:
    assert read_layout(text, PurePosixPath("src")) is None


def test_the_stage_that_is_built_counts() -> None:
    text = "FROM a AS dev\nWORKDIR /dev\nCOPY . .\nFROM a AS live\nWORKDIR /live\nCOPY . .\n"
    for stage, folder in (("dev", "/dev"), ("live", "/live"), (None, "/live")):
        layout = read_layout(text, PurePosixPath(), stage)
        assert layout is not None
        assert str(layout.target) == folder
    assert read_layout(text, PurePosixPath(), "other") is None


@pytest.mark.parametrize(
    ("line", "has_one"),
    [
        ("RUN uv sync", True),
        ("RUN python -m venv .venv", True),
        ("RUN pip install django", False),
        ("ENV UV_PROJECT_ENVIRONMENT=/usr/local\nRUN uv sync", False),
    ],
)
def test_an_environment_below_the_code_is_seen(line: str, has_one: bool) -> None:
    layout = read_layout(f"FROM python\nWORKDIR /app\n{line}\nCOPY . .\n", PurePosixPath())
    assert layout is not None
    assert layout.has_environment is has_one
